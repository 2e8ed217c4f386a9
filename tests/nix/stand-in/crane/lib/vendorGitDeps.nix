# The crates that locks take from Git repositories: a folder a repository, and the configuration that
# makes Cargo look there.
{ lib, pkgs }:
packages:
let
  # `git+URL?branch=NAME#REVISION`, where the query is one of `branch`, `rev` and `tag`.
  repositoryOf =
    package:
    let
      parts = builtins.match "git\\+([^?#]*)(\\?(branch|rev|tag)=([^#]*))?#(.*)" package.source;
      part = lib.elemAt parts;
    in
    {
      git = part 0;
      kind = part 2;
      name = part 3;
      rev = part 4;
      id = lib.head (lib.splitString "#" (lib.removePrefix "git+" package.source));
    };
  repositories = lib.groupBy (package: (repositoryOf package).id) packages;

  folderOf =
    id:
    let
      locked = repositories.${id};
      repository = repositoryOf (lib.head locked);
      reference =
        {
          branch.ref = "refs/heads/${repository.name}";
          tag.ref = "refs/tags/${repository.name}";
        }
        .${toString repository.kind} or {
          allRefs = true;
        };
      checkout = builtins.fetchGit (
        reference
        // {
          inherit (repository) rev;
          url = repository.git;
          submodules = true;
        }
      );
    in
    pkgs.runCommand "vendor-git" { nativeBuildInputs = [ pkgs.python3 ]; } ''
      cp --recursive --no-preserve=mode ${checkout} checkout
      python3 ${./git_crates.py} checkout all
      mkdir $out
      for crate in ${toString (map (package: "${package.name}-${package.version}") locked)}; do
        cp --recursive "all/$crate" $out/
      done
    '';
in
lib.mapAttrsToList (
  id: locked:
  let
    repository = repositoryOf (lib.head locked);
  in
  {
    name = builtins.hashString "sha256" id;
    folder = folderOf id;
    source = ''
      [source."${id}"]
      git = "${repository.git}"
      ${lib.optionalString (repository.kind != null) ''${repository.kind} = "${repository.name}"''}
      replace-with = "nix-sources-${builtins.hashString "sha256" id}"
    '';
  }
) repositories
