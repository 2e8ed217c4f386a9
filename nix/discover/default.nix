# Finds the crates of a policies folder by evaluation alone: as far as a build has to know them
# beforehand, and what may be missing because Git does not track it. `policy-builder generate` judges
# the rest, in the first derivation.
{
  lib,
  paths ? import ./paths.nix { inherit lib; },
  readManifest ? import ./manifest.nix { inherit lib paths; },
  readCrate ? import ./crate.nix { inherit lib paths; },
  readFolder ? import ./folder.nix { inherit lib paths; },
}:
# The policies folder: a path, or what leads to one in the store, such as a flake's input.
path:
let
  fail = message: throw "policy-engine: discover: ${message}";

  given = readFolder { inherit fail; } path;
  inherit (given)
    root
    show
    showIn
    untracked
    ;

  readManifestOf = readManifest {
    inherit fail show untracked;
    inherit (given) isAlone sees;
  };
  crateOf = readCrate { inherit fail show untracked; };

  entries = builtins.readDir root;
  # A broken link that is named as crates are: it may have led to a crate that did not come along. Nix
  # does not tell where it leads.
  isLost =
    name:
    entries.${name} == "symlink"
    && !paths.isFolder (root + "/${name}")
    && builtins.match "[a-z0-9_-]+" name != null
    && builtins.match "result(-.*)?" name == null;
  # The names of the folders to look into, sorted.
  folders = lib.filter (
    name:
    !lib.hasPrefix "." name && name != "target" && (paths.isFolder (root + "/${name}") || isLost name)
  ) (lib.attrNames entries);

  # A Rust file in the folder itself or in its `src`, or `null`.
  rustFileIn =
    folder:
    let
      filesIn =
        place:
        lib.filter (
          file: lib.hasSuffix ".rs" (baseNameOf file) && baseNameOf file != ".rs" && paths.isFile file
        ) (map (name: place + "/${name}") (lib.attrNames (builtins.readDir place)));
      files = lib.concatMap filesIn (
        lib.filter paths.isFolder [
          folder
          (folder + "/src")
        ]
      );
    in
    if files == [ ] then null else lib.head files;

  crateIn =
    name:
    let
      folder = root + "/${name}";
      rust = rustFileIn folder;
    in
    if isLost name || entries.${name} == "symlink" && paths.isFile (folder + "/Cargo.toml") then
      fail "`${show folder}` is a link, which leads out of what a build is given\nhelp: put the crate's folder itself there, or take the link away"
    else if (builtins.readDir folder)."Cargo.toml" or "" == "symlink" then
      fail "`${show folder}/Cargo.toml` is a link, which leads out of what a build is given\nhelp: put the file itself there"
    else if paths.isFile (folder + "/Cargo.toml") then
      [ (crateOf name (readManifestOf folder)) ]
    else if rust != null then
      fail "`${show folder}` holds Rust files (`${show rust}`) but no `Cargo.toml`\nhelp: add one, or move the folder away; ${
        untracked (folder + "/Cargo.toml")
      }"
    else
      [ ];

  # The crates of the folder that a crate depends on by their paths, however deep they lie in it.
  neighboursOf =
    crate:
    lib.concatMap (
      { package, path, ... }:
      let
        says = "`${crate.manifest}` depends on the folder `${showIn path.from path.written}`, which";
      in
      # Whichever `policy-api` a policy names, it gets the engine's.
      if path == null || package == "policy-api" then
        [ ]
      else if given.sees path.folder && !paths.isFile (path.folder + "/Cargo.toml") then
        fail "${says} has no `Cargo.toml`\nhelp: correct its path; ${untracked path.folder}"
      else if !paths.contains root path.folder || path.folder == root then
        fail "${says} is outside of the policies folder\nhelp: move that crate into it, or depend on a published version of it"
      else
        [
          {
            key = toString path.folder;
            value = crateOf (paths.within root path.folder) (readManifestOf path.folder) // {
              role = "support";
            };
          }
        ]
    ) crate.dependencies;
  crates = lib.sortOn (crate: crate.folder) (
    map ({ value, ... }: value) (
      lib.genericClosure {
        startSet = map (value: {
          key = toString value.path;
          inherit value;
        }) (lib.concatMap crateIn folders);
        operator = { value, ... }: neighboursOf value;
      }
    )
  );
  ofRole = role: lib.filter (crate: crate.role == role) crates;
  policies = ofRole "policy";
  support = ofRole "support";
  listed = map (crate: {
    inherit (crate) crate version folder;
  });

  checkNotEmpty =
    let
      names = lib.concatMapStringsSep ", " (crate: crate.crate) support;
      others = lib.optionalString (support != [ ]) "; the crates there (${names}) are support crates";
      place = if given.isAlone then "the policies folder" else "`${show root}`";
      # The folders in it whose own folders are policies.
      deeper = lib.filter (
        folder:
        let
          isPolicy =
            name:
            let
              manifest = root + "/${folder}/${name}/Cargo.toml";
            in
            paths.isFile manifest && lib.hasInfix "policy-api" (builtins.readFile manifest);
        in
        lib.any isPolicy (lib.attrNames (builtins.readDir (root + "/${folder}")))
      ) folders;
      remedy =
        if deeper != [ ] then
          "give the folder `${lib.head deeper}` in it: `policies = ./${lib.head deeper}` for a flake of yours, or the input `path:/the/folder/${lib.head deeper}`"
        else if given.isAlone then
          "give a folder in a Git repository as `path:/the/folder`: for any other URL, Nix takes the whole repository"
        else
          untracked root;
    in
    policies != [ ]
    || fail "no policies in ${place}: expected subfolders with a `Cargo.toml` that depends on `policy-api`${others}\nhelp: ${remedy}";

  workspaces = lib.unique (
    lib.filter (workspace: workspace != null) (map (crate: crate.workspace) crates)
  );

  # A member that is not there is most often one that Git does not track.
  checkMembers =
    let
      isPattern = member: builtins.match ".*[*?[].*" member != null;
      check =
        workspace:
        let
          document = lib.importTOML (workspace + "/Cargo.toml");
          given = document.workspace.members or [ ];
          members = lib.filter (member: lib.isString member && !isPattern member) (
            lib.optionals (lib.isList given) given
          );
          missing = lib.findFirst (
            member:
            paths.contains root (workspace + "/${member}")
            && !paths.isFile (workspace + "/${member}/Cargo.toml")
          ) null members;
        in
        missing == null
        || fail "`${show (workspace + "/Cargo.toml")}` has the member `${missing}`, and `${
          show (workspace + "/${missing}/Cargo.toml")
        }` is not there\nhelp: take the member out; ${untracked (workspace + "/${missing}")}";
    in
    lib.all check workspaces;

  # `policy-builder` has Cargo fetch policies from elsewhere: they are not there while Nix evaluates.
  checkNoneFromElsewhere =
    let
      file = root + "/policies.toml";
      document = lib.addErrorContext "while reading `${show file}`" (lib.importTOML file);
      names = lib.concatMapStringsSep ", " (name: "`${name}`") (lib.attrNames (document.policies or { }));
    in
    !paths.isFile file
    || names == ""
    || fail "`${show file}` names policies from elsewhere (${names}), which the flake does not fetch\nhelp: have their crates in the policies folder, or build with `policy-builder`";

  common = lib.findFirst (folder: lib.all (paths.contains folder) workspaces) root (
    [ root ] ++ paths.above root
  );
in
assert checkNotEmpty;
assert checkMembers;
assert checkNoneFromElsewhere;
{
  policies = listed policies;
  support = listed support;
  inherit crates workspaces;
  # Every lock that counts, those of the crates first.
  locks = lib.unique (
    lib.filter paths.isFile (
      map (folder: folder + "/Cargo.lock") (map (crate: crate.path) crates ++ workspaces ++ [ root ])
      ++ [ (root + "/policies.lock") ]
    )
  );
  inherit show;
  # The folder that the manifests need to be read, and the policies folder's place in it.
  root = common;
  within = paths.within common root;
}
