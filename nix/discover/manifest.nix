# Reads a crate's `Cargo.toml`, with what it inherits from its workspace filled in by Cargo's rules.
{
  lib,
  paths ? import ./paths.nix { inherit lib; },
}:
{
  # Stops with a message.
  fail,
  # What a path is called in one.
  show,
  # The remedy for a file that may be there.
  untracked ? _: "",
  # Whether the policies folder is all that Nix was given, and whether it was given a file.
  isAlone ? false,
  sees ? _: true,
}:
let
  table = value: if lib.isAttrs value then value else { };
  text = value: if lib.isString value then value else null;

  read = path: lib.addErrorContext "while reading `${show path}`" (lib.importTOML path);

  # Whether a folder is none of a workspace's members though it lies in it: it is excluded, and not
  # listed as a member by its own path.
  excludes =
    workspace: folder:
    let
      listed = table workspace.document.workspace;
      lists =
        key:
        lib.any (path: lib.isString path && paths.contains (resolve workspace.folder path) folder) (
          lib.optionals (lib.isList (listed.${key} or null)) listed.${key}
        );
    in
    lists "exclude" && !lists "members";

  # As Cargo sees it: the manifest itself, the one that it names, or the nearest above it with a
  # `[workspace]` table that does not exclude it.
  workspaceOf =
    folder: document:
    let
      named = text ((table (document.package or null)).workspace or null);
      namedFolder = resolve folder named;
    in
    if document ? workspace then
      { inherit folder document; }
    else if named == null then
      lib.findFirst (above: above.document ? workspace && !excludes above folder) null (
        candidatesOf folder
      )
    else if !sees namedFolder then
      fail "`${show (folder + "/Cargo.toml")}` names the workspace `${named}`, which Nix was not given\nhelp: correct it, or ${giveWorkspace}"
    else if !paths.isFile (namedFolder + "/Cargo.toml") then
      fail "`${show (folder + "/Cargo.toml")}` names the workspace `${named}`, and `${
        show (namedFolder + "/Cargo.toml")
      }` is not there\nhelp: correct it; ${untracked (namedFolder + "/Cargo.toml")}"
    else
      at namedFolder;

  giveWorkspace = "give Nix the whole workspace: a flake in its folder calls `mkPolicyEngine` with `policies = ./…`";

  at = folder: {
    inherit folder;
    document = read (folder + "/Cargo.toml");
  };
  candidatesOf =
    folder: map at (lib.filter (above: paths.isFile (above + "/Cargo.toml")) (paths.above folder));

  resolve = folder: path: if lib.hasPrefix "/" path then /. + path else folder + "/${path}";

  inherits = value: (table value).workspace or false == true;
in
folder:
let
  path = folder + "/Cargo.toml";
  document = read path;
  workspace = workspaceOf folder document;
  # The nearest that it would belong to if that did not exclude it.
  excluding = lib.findFirst (above: above.document ? workspace) null (candidatesOf folder);
  shared = if workspace == null then { } else table (workspace.document.workspace or null);

  # What a key is set to in the workspace, or `null`: `policy-builder` refuses what is not there.
  inherited =
    key: values: name:
    let
      inherits = "`${show path}` inherits `${key}` from its workspace, and";
    in
    if workspace != null then
      (table values).${name} or null
    else if excluding != null then
      fail "${inherits} `${
        show (excluding.folder + "/Cargo.toml")
      }` excludes it\nhelp: write it out, or list it in the `members` there"
    else if isAlone then
      fail "${inherits} Nix was given the policies folder without one\nhelp: write it out, or ${giveWorkspace}"
    else
      fail "${inherits} is in no workspace\nhelp: write it out, or add the workspace's `Cargo.toml`; in a Git repository, Nix sees only what is tracked: `git add Cargo.toml`";

  package = lib.mapAttrs (
    key: value:
    if inherits value then inherited "package.${key}" (shared.package or null) key else value
  ) (table (document.package or null));

  # The tables of dependencies that count in a build; tests' do not. The spellings with `_` are of
  # older editions.
  dependencies =
    let
      tables =
        isTarget: holder:
        let
          linked = table (holder.dependencies or null);
          build = table (holder.build_dependencies or holder.build-dependencies or null);
        in
        lib.mapAttrsToList (dependency (!isTarget)) linked ++ lib.mapAttrsToList (dependency false) build;
    in
    tables false document
    ++ lib.concatMap (target: tables true (table target)) (
      lib.attrValues (table (document.target or null))
    );

  dependency =
    isLinkedTable: key: own:
    let
      base =
        if inherits own then inherited "dependencies.${key}" (shared.dependencies or null) key else { };
      # A requirement may stand for the whole table.
      spelledOut = value: if lib.isString value then { version = value; } else table value;
      values = spelledOut base // spelledOut own;
      ownPath = text ((table own).path or null);
      basePath = text ((table base).path or null);
      # Where it lies, with how the manifest calls that: paths are relative to who wrote them.
      at = from: written: {
        inherit from written;
        folder = resolve from written;
      };
    in
    {
      package = if values ? package && lib.isString values.package then values.package else key;
      # `null` where it comes from no folder.
      path =
        if ownPath != null then
          at folder ownPath
        else if basePath != null then
          at workspace.folder basePath
        else
          null;
      # Whether it is linked on every platform: no build dependency, not optional, for no target
      # alone.
      linked = isLinkedTable && (values.optional or false) != true;
    };
in
{
  inherit
    path
    folder
    document
    workspace
    package
    dependencies
    ;
}
