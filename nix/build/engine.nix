# The engine's own sources, and what is known of them before anything is built.
{ source }:
let
  root = ../../.;
  manifest = builtins.fromTOML (builtins.readFile (root + "/Cargo.toml"));
in
{
  inherit root;
  inherit (manifest.workspace.package) version;
  inherit (manifest.workspace) members;
  # The version that policies ask for in `policy-api = "…"`.
  apiVersion = manifest.workspace.dependencies.policy-api.version;
  lock = builtins.fromTOML (builtins.readFile (root + "/Cargo.lock"));

  # What every policy is built against.
  source = source {
    name = "policy-engine-source";
    inherit root;
    keep = [
      "Cargo.lock"
      "Cargo.toml"
      "engine/api/Cargo.toml"
      "engine/api/src"
      "engine/runtime/Cargo.toml"
      "engine/runtime/openapi.json"
      "engine/runtime/src"
      "engine/text/Cargo.toml"
      "engine/text/src"
      "engine/tls/Cargo.toml"
      "engine/tls/src"
    ];
  };
}
