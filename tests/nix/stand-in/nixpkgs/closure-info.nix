# `closureInfo { rootPaths = [ … ]; }`: everything those paths refer to, as a list (`store-paths`)
# and in the form that `nix-store --load-db` reads (`registration`).
{ system }:
{ rootPaths }:
derivation {
  inherit system;
  name = "closure-info";
  builder = "/usr/bin/python3";
  args = [ ./closure_info.py ];
  __structuredAttrs = true;
  exportReferencesGraph.closure = rootPaths;
}
