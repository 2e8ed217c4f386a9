# The engine's own sources: its crates, and the part of them that a build takes.
{
  lib,
  paths,
  readManifest,
}:
let
  root = ../../.;
  manifest = lib.importTOML (root + "/Cargo.toml");

  # The folders of the crates in a folder.
  cratesIn =
    folder:
    lib.filter (crate: paths.isFile (crate + "/Cargo.toml")) (
      map (name: folder + "/${name}") (lib.attrNames (builtins.readDir folder))
    );
  crateFolders = cratesIn (root + "/engine");

  # The folders of some crates of the engine, and of those that they are built with.
  closureOf =
    names:
    let
      node = folder: {
        key = toString folder;
        inherit folder;
      };
      dependenciesOf = readManifest {
        fail = throw;
        show = toString;
      };
    in
    map ({ folder, ... }: folder) (
      lib.genericClosure {
        startSet = map (name: node (root + "/engine/${name}")) names;
        operator =
          { folder, ... }:
          map ({ path, ... }: node path.folder) (
            lib.filter ({ path, ... }: path != null) (dependenciesOf folder).dependencies
          );
      }
    );

  # A source of the workspace's manifest and lock, some crates, and more files.
  sourceOf =
    crates: more:
    let
      # Nothing here goes into what is compiled.
      aside =
        folder:
        map (name: lib.fileset.maybeMissing (folder + "/${name}")) [
          "benches"
          "docs"
          "proptest-regressions"
          "tests"
        ];
      partOf = folder: lib.fileset.difference folder (lib.fileset.unions (aside folder));
    in
    lib.fileset.toSource {
      inherit root;
      fileset = lib.fileset.unions (
        [
          (root + "/Cargo.lock")
          (root + "/Cargo.toml")
        ]
        ++ map partOf crates
        ++ more
      );
    };
in
{
  inherit closureOf root sourceOf;
  # What every policy is built against.
  source = sourceOf (closureOf [
    "api"
    "runtime"
  ]) [ ];

  inherit (manifest.workspace.package) version;
  lock = lib.importTOML (root + "/Cargo.lock");
  # The names of its crates.
  crates = map (folder: (lib.importTOML (folder + "/Cargo.toml")).package.name) crateFolders;

  # The folders of the workspace's members.
  members = lib.concatMap (
    member:
    if lib.hasSuffix "/*" member then
      cratesIn (root + "/${lib.removeSuffix "/*" member}")
    else
      [ (root + "/${member}") ]
  ) manifest.workspace.members;
}
