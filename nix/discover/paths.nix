# Functions over paths that Nix lacks. They follow links.
{ lib }:
let
  parts = path: lib.filter (part: part != "") (lib.splitString "/" (toString path));

  isFolder = path: lib.pathExists "${toString path}/";
in
{
  inherit isFolder;

  isFile = path: lib.pathExists path && !isFolder path;

  # Whether a path is a folder or in it.
  contains = folder: path: lib.take (lib.length (parts folder)) (parts path) == parts folder;

  # The path from a folder to what is in it: "" for the folder itself.
  within = folder: path: lib.concatStringsSep "/" (lib.drop (lib.length (parts folder)) (parts path));

  # The folders above one, the nearest first. Above a store path there is nothing to look at.
  above =
    path:
    let
      isTop = path: toString path == "/" || dirOf (toString path) == builtins.storeDir;
      climb = path: if isTop path then [ ] else [ (dirOf path) ] ++ climb (dirOf path);
    in
    climb path;
}
