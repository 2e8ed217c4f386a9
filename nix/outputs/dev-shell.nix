# A shell to write policies in. Its `cargo` takes `policy-api` from this engine and not from a registry,
# as the build does.
{
  craneLib,
  engine,
  pkgs,
  toolchain,
}:
let
  cargo = pkgs.writeShellScriptBin "cargo" ''
    exec ${toolchain}/bin/cargo \
      --config 'patch.crates-io.policy-api.path="${engine.source}/engine/api"' "$@"
  '';
in
craneLib.devShell { shellHook = "export PATH=${cargo}/bin:$PATH"; }
