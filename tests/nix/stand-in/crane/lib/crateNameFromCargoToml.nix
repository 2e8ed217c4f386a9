# `pname` and `version` from a manifest, be it a package's or a workspace's.
{ lib }:
args:
let
  src = args.src.origSrc or args.src;
  manifest = lib.importTOML args.cargoToml or (src + "/Cargo.toml");
  contents = if args ? cargoTomlContents then builtins.fromTOML args.cargoTomlContents else manifest;
  firstString = lib.findFirst lib.isString;
in
{
  pname = firstString "cargo-package" [
    contents.package.metadata.crane.name or null
    contents.package.name or null
    contents.workspace.metadata.crane.name or null
  ];
  version = firstString "0.0.1" [
    contents.package.version or null
    contents.workspace.package.version or null
  ];
}
