# A part of a source tree, as a store path that changes with that part alone.
{ lib }:
{
  name,
  root,
  # Files and folders, as paths relative to `root`.
  keep,
  # Which of the files in them: path relative to `root` -> whether it is part.
  isPart ? _: true,
}:
let
  base = toString root + "/";
  isUnder = folder: path: path == folder || lib.hasPrefix (folder + "/") path;
  # What Git and Cargo keep beside a crate's sources, and Nix's links to what it has built.
  isByproduct =
    path: type:
    let
      name = baseNameOf path;
    in
    name == ".git"
    || name == "target" && builtins.pathExists (root + "/${dirOf path}/Cargo.toml")
    || type == "symlink" && (name == "result" || lib.hasPrefix "result-" name);
in
lib.cleanSourceWith {
  inherit name;
  src = root;
  filter =
    absolute: type:
    let
      # Not the prefix: in another store than /nix/store the path begins with that store's own.
      path = lib.last (lib.splitString base absolute);
    in
    !isByproduct path type
    && (
      if type == "directory" then
        lib.any (kept: isUnder kept path || isUnder path kept) keep
      else
        lib.any (kept: isUnder kept path) keep && isPart path
    );
}
