# The policies as a build sees them: the crates, and the manifests and locks around them.
{
  discovered,
  lib,
  paths,
  pkgs,
  source,
}:
let
  inherit (discovered)
    crates
    locks
    root
    within
    workspaces
    ;
  relative = paths.within root;
  part =
    keep:
    source {
      name = "policies";
      inherit root keep;
    };
  # By name, not by a filter: that would leave each folder there, and a new one would count.
  manifests =
    map (folder: relative (folder + "/Cargo.toml")) (map (it: it.path) crates ++ workspaces)
    ++ map relative locks;

  # What stands in for the sources: enough for Cargo to see what a crate is made of.
  stubs = lib.concatMap (
    it:
    map (file: relative (it.path + "/${file}")) (
      [ it.library ] ++ lib.optional (it.buildScript != null) it.buildScript ++ it.targets
    )
  ) crates;
in
{
  inherit within;
  whole = part (map (it: relative it.path) crates ++ manifests);

  # Manifests and locks only: what the dependencies follow from.
  manifests = pkgs.runCommand "policies-manifests" { } ''
    cp -r --no-preserve=mode ${part manifests} $out
    cd $out
    for stub in ${lib.escapeShellArgs stubs}; do
      mkdir -p -- "$(dirname -- "$stub")"
      printf '%s\n' '#![allow(warnings)]' 'fn main() {}' > "$stub"
    done
  '';
}
