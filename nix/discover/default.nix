# Finds the crates of a policies folder by evaluation alone: the same rules and the same answers as
# `policy-builder discover`.
{
  lib,
  paths ? import ./paths.nix { inherit lib; },
  semver ? import ./semver.nix { inherit lib; },
  readManifest ? import ./manifest.nix { inherit lib paths; },
  readCrate ? import ./crate.nix { inherit lib paths semver; },
  checkGraph ? import ./graph.nix { inherit lib paths; },
}:
{
  # The policies folder: a path, or what leads to one in the store, such as a flake's input.
  path,
  # The version of `policy-api` that policies are built against.
  api,
  # The engine's own folder: what its workspace replaces is replaced in the program as well.
  engine ? null,
}:
let
  fail = message: throw "policy-engine: discover: ${message}";

  # Without its context a path in the store can be read and built upon: sources are there already.
  root =
    let
      text = "${path}";
      isBuilt = lib.any (it: it ? outputs) (builtins.attrValues (builtins.getContext text));
    in
    if builtins.isPath path then
      path
    else if isBuilt then
      fail "the policies folder is what the derivation `${nameInStore text}` makes: expected sources, which are there while Nix evaluates; pass a path or a flake's input"
    else
      /. + builtins.unsafeDiscardStringContext text;

  # Without the hash, of which the author knows nothing.
  nameInStore = path: builtins.substring 33 (-1) (baseNameOf path);

  # Paths are told from the root of the repository, which is the top in the store.
  top =
    let
      above = paths.above root;
    in
    if lib.hasPrefix "${builtins.storeDir}/" (toString root) then
      lib.last ([ root ] ++ above)
    else
      dirOf root;

  show =
    it:
    let
      inside = paths.within top it;
    in
    if !paths.contains top it then
      toString it
    else if inside == "" then
      "."
    else
      inside;

  # Where a path of the author's making leads, in the author's own words.
  showIn =
    folder: written:
    if lib.hasPrefix "/" written || show folder == "." then written else "${show folder}/${written}";

  readManifestOf = readManifest { inherit fail show; };
  crateOf = readCrate {
    inherit
      api
      engine
      fail
      root
      show
      untracked
      ;
  };

  # What a flake does not see is most often what Git does not track.
  untracked = it: "when it is there, Git does not track it: `git add ${show it}`";

  entries = builtins.readDir root;
  # A link to no folder that is named as crates are: it may lead to one that did not come along,
  # and Nix does not tell where it leads.
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
  ) (builtins.attrNames entries);

  # A Rust file in the folder itself or in its `src`: `null` where there is none.
  rustFileIn =
    folder:
    let
      filesIn =
        place:
        lib.filter (
          file: lib.hasSuffix ".rs" (baseNameOf file) && baseNameOf file != ".rs" && paths.isFile file
        ) (map (name: place + "/${name}") (builtins.attrNames (builtins.readDir place)));
      files = lib.concatMap filesIn (
        lib.filter paths.isFolder [
          folder
          (folder + "/src")
        ]
      );
    in
    if files == [ ] then null else builtins.head files;

  crateIn =
    name:
    let
      folder = root + "/${name}";
      rust = rustFileIn folder;
    in
    if isLost name || entries.${name} == "symlink" && paths.isFile (folder + "/Cargo.toml") then
      fail "`${show folder}` is a link, which leads out of what a build is given: put the crate's folder itself there, or take the link away"
    else if (builtins.readDir folder)."Cargo.toml" or "" == "symlink" then
      fail "`${show folder}/Cargo.toml` is a link, which leads out of what a build is given: put the file itself there"
    else if paths.isFile (folder + "/Cargo.toml") then
      [ (crateOf name (readManifestOf folder)) ]
    else if rust != null then
      fail "`${show folder}` holds Rust files (`${show rust}`) but no `Cargo.toml`: add one, or move the folder away; ${
        untracked (folder + "/Cargo.toml")
      }"
    else
      [ ];

  # Those deeper in the folder count where others depend on them by their paths.
  nestedOf =
    it:
    lib.concatMap (
      { package, path, ... }:
      lib.optional
        (
          path != null
          && package != "policy-api"
          && paths.contains root path.folder
          && toString path.folder != toString root
          && paths.isFile (path.folder + "/Cargo.toml")
        )
        {
          key = toString path.folder;
          value = crateOf (paths.within root path.folder) (readManifestOf path.folder) // {
            role = "support";
          };
        }
    ) it.dependencies;
  crates = lib.sort (a: b: a.folder < b.folder) (
    map (it: it.value) (
      builtins.genericClosure {
        startSet = map (value: {
          key = toString value.path;
          inherit value;
        }) (lib.concatMap crateIn folders);
        operator = it: nestedOf it.value;
      }
    )
  );
  ofRole = role: lib.filter (it: it.role == role) crates;
  policies = ofRole "policy";
  support = ofRole "support";
  listed = map (it: {
    inherit (it) crate version folder;
  });

  checkNotEmpty =
    let
      names = lib.concatMapStringsSep ", " (it: it.crate) support;
      others = lib.optionalString (support != [ ]) "; the crates there (${names}) are support crates";
      # An input of its own.
      isTop = show root == ".";
      place = if isTop then "the policies folder" else "`${show root}`";
      remedy =
        if isTop then
          "a folder inside of a Git repository is given as `path:/the/folder`"
        else
          "when they are there, Git does not track them: `git add ${show root}`";
    in
    if policies == [ ] then
      fail "no policies in ${place}: expected subfolders with a `Cargo.toml` that depends on `policy-api`${others}; ${remedy}"
    else
      true;

  checkNames =
    let
      taken = [
        "policy-api"
        "policy-engine"
        "policy-engine-program"
        "policy-text"
        "policy-tls"
      ];
      # Cargo tells `a-b` and `a_b` apart, Rust does not.
      spelled = lib.replaceStrings [ "-" ] [ "_" ];
      isTaken = name: lib.elem (spelled name) (map spelled taken);
      check =
        seen: it:
        let
          name = spelled it.crate;
        in
        if isTaken it.crate then
          fail "`${it.manifest}` is named `${it.crate}`, which is the engine's own: choose another name"
        else if seen ? ${name} then
          fail "two crates are named `${it.crate}`: `${seen.${name}.manifest}` and `${it.manifest}`; rename one of them"
        else
          seen // { ${name} = it; };
      # The program refers to the policies' libraries only.
      checkLibrary =
        seen: it:
        let
          name = it.libraryName;
        in
        if isTaken name then
          fail "`${it.manifest}` is named `${name}`, which is the engine's own: choose another name"
        else if seen ? ${name} then
          fail "two policy crates have a library of the name `${name}`: `${seen.${name}.manifest}` and `${it.manifest}`; have another `name` in the `[lib]` of one of them"
        else
          seen // { ${name} = it; };
    in
    builtins.seq (lib.foldl' check { } crates) (
      builtins.seq (lib.foldl' checkLibrary { } policies) true
    );

  workspaces = lib.unique (map (it: it.workspace) (lib.filter (it: it.workspace != null) crates));

  # Nothing else tells a member that Git does not track from one that is not there.
  checkMembers =
    let
      isPattern = member: builtins.match ".*[*?[].*" member != null;
      check =
        workspace:
        let
          document = builtins.fromTOML (builtins.readFile (workspace + "/Cargo.toml"));
          given = document.workspace.members or [ ];
          members = lib.filter (member: builtins.isString member && !isPattern member) (
            lib.optionals (builtins.isList given) given
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
        }` is not there: take the member out; ${untracked (workspace + "/${missing}")}";
    in
    lib.all check workspaces;

  # What `policy-builder` has Cargo fetch is not there while Nix evaluates.
  checkNoneFromElsewhere =
    let
      file = root + "/policies.toml";
      document = builtins.addErrorContext "while reading `${show file}`" (
        builtins.fromTOML (builtins.readFile file)
      );
      names = lib.concatMapStringsSep ", " (it: "`${it}`") (
        builtins.attrNames (document.policies or { })
      );
    in
    !paths.isFile file
    || names == ""
    || fail "`${show file}` names policies from elsewhere (${names}), which the flake does not fetch: have their crates in the policies folder, or build with `policy-builder`";

  common = lib.findFirst (folder: lib.all (paths.contains folder) workspaces) root (
    [ root ] ++ paths.above root
  );
in
if !paths.isFolder root then
  fail "there is no policies folder `${show root}`: expected a folder of crates; name yours with `policies`; ${untracked root}"
else
  assert checkNotEmpty;
  assert checkNames;
  assert checkGraph { inherit fail showIn untracked; } crates;
  assert checkMembers;
  assert checkNoneFromElsewhere;
  {
    policies = listed policies;
    support = listed support;
    inherit crates workspaces;
    # Every lock that counts, those of the crates first.
    locks = lib.unique (
      lib.filter paths.isFile (
        map (folder: folder + "/Cargo.lock") (map (it: it.path) crates ++ workspaces ++ [ root ])
        ++ [ (root + "/policies.lock") ]
      )
    );
    inherit show;
    # What has to be there for the manifests to be read, and where the policies folder is in it.
    root = common;
    within = paths.within common root;
  }
