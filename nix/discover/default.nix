# Finds the crates of a policies folder by evaluation alone: as far as a build has to know them
# beforehand, and what may be missing because Git does not track it. `policy-builder generate` judges
# the rest, in the first derivation.
{
  lib,
  paths ? import ./paths.nix { inherit lib; },
  readManifest ? import ./manifest.nix { inherit lib paths; },
  readCrate ? import ./crate.nix { inherit lib paths; },
  readElsewhere ? import ./elsewhere.nix { inherit lib paths; },
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

  # The crates that a crate depends on by their paths, as far as `inBuild` has them in the build.
  neighboursOf =
    inBuild: crate:
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
      else if !inBuild path.folder then
        fail "${says} is outside of the policies folder\nhelp: move that crate into it, or depend on a published version of it"
      else
        [ path.folder ]
    ) crate.dependencies;

  # Some crates and their neighbours, those in folders that `read` reads.
  closureOf =
    inBuild: read: start:
    let
      node = value: {
        key = toString value.path;
        inherit value;
      };
    in
    map ({ value, ... }: value) (
      lib.genericClosure {
        startSet = map node start;
        operator = { value, ... }: map (folder: node (read folder)) (neighboursOf inBuild value);
      }
    );

  # However deep in the policies folder.
  inFolder = folder: paths.contains root folder && toString folder != toString root;
  readNeighbour =
    folder:
    if inFolder folder then
      crateOf (paths.within root folder) (readManifestOf folder) // { role = "support"; }
    else
      fromFolders.${toString folder};
  own = closureOf (folder: inFolder folder || fromFolders ? ${toString folder}) readNeighbour (
    lib.concatMap crateIn folders
  );

  elsewhere = readElsewhere { inherit fail show; } root;
  # Those of `policies.toml` that lie in folders, and what they depend on there, by their paths.
  fromFolders =
    let
      readAs =
        source: folder:
        let
          crate = crateOf "" (readManifestOf folder);
        in
        crate
        // {
          folder = "${crate.crate}-${crate.version}";
          inherit source;
        };
      crateOfEntry =
        {
          key,
          written,
          folder,
        }:
        let
          says = "`${show elsewhere.file}`: policy `${key}` is to be in `${show folder}`, ";
        in
        if !given.sees folder then
          fail "${says}which is outside of what Nix is given\nhelp: give Nix a folder that holds both, or name the policy's Git repository or registry"
        else if !paths.isFile (folder + "/Cargo.toml") then
          fail "${says}where there is no `Cargo.toml`\nhelp: correct its `path`, which is relative to the file's folder; ${untracked folder}"
        else
          readAs "${toString root}/${written}" folder;
    in
    lib.listToAttrs (
      map (crate: lib.nameValuePair (toString crate.path) crate) (
        closureOf given.sees (folder: readAs (toString folder) folder) (map crateOfEntry elsewhere.folders)
      )
    );

  # The crates that lie there while Nix evaluates: one that is found twice is the folder's own.
  crates = lib.sortOn (crate: crate.folder) (
    lib.attrValues (
      fromFolders // lib.listToAttrs (map (crate: lib.nameValuePair (toString crate.path) crate) own)
    )
  );
  ofRole = role: lib.filter (crate: crate.role == role) crates;
  # Those that crane fetches are policies: what else the lock has is not told apart here.
  policies = lib.sortOn (crate: crate.folder) (
    ofRole "policy"
    ++ map (pin: {
      crate = pin.name;
      inherit (pin) version source;
      folder = "${pin.name}-${pin.version}";
    }) elsewhere.pinned
  );
  support = ofRole "support";
  listed = map (
    crate:
    {
      inherit (crate) crate version;
    }
    // (if crate ? source then { inherit (crate) source; } else { inherit (crate) folder; })
  );

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

  common = lib.findFirst (
    folder: lib.all (paths.contains folder) (workspaces ++ map (crate: crate.path) crates)
  ) root ([ root ] ++ paths.above root);
in
assert checkNotEmpty;
assert checkMembers;
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
  # `policies.toml`, and what it says.
  policiesFile = elsewhere.file;
  policiesDocument = elsewhere.document;
  # The folder that the manifests need to be read, and the policies folder's place in it.
  root = common;
  within = paths.within common root;
}
