# The policies as a build sees them, with the manifests above their folder that they take from.
{
  discovered,
  lib,
  pkgs,
  source,
}:
let
  inherit (discovered) root within;
  part =
    isPart:
    source {
      name = "policies";
      inherit root isPart;
      keep =
        if within == "" then
          [ "" ]
        else
          [
            "Cargo.lock"
            "Cargo.toml"
            within
          ];
    };
  # What stands in for the sources: enough for Cargo to see a library, and a build script where
  # there is one.
  stubs = lib.concatMap (
    it:
    let
      folder = if within == "" then it.folder else "${within}/${it.folder}";
    in
    [ "${folder}/${it.library}" ] ++ lib.optional (it.buildScript != null) "${folder}/${it.buildScript}"
  ) discovered.crates;
in
{
  inherit within;
  whole = part (_: true);

  # Manifests and locks only: what the dependencies follow from.
  manifests =
    let
      files = part (
        path:
        builtins.elem (baseNameOf path) [
          "Cargo.lock"
          "Cargo.toml"
        ]
      );
    in
    pkgs.runCommand "policies-manifests" { } ''
      cp -r --no-preserve=mode ${files} $out
      cd $out
      for stub in ${lib.escapeShellArgs stubs}; do
        mkdir -p "$(dirname "$stub")"
        printf '%s\n' '#![allow(warnings)]' 'fn main() {}' > "$stub"
      done
    '';
}
