# One crate of a policies folder, once everything that can be told of it alone is as it should be.
{
  lib,
  paths,
  rustNames ? import ./rust-names.nix { inherit lib; },
  semver,
}:
{
  # The version of `policy-api` that policies are built against.
  api,
  # The engine's own folder, or `null`.
  engine,
  # The policies folder.
  root,
  # Stops with a message.
  fail,
  # What a path is called in one.
  show,
  untracked,
}:
let
  # As Cargo finds it.
  buildScript =
    manifest:
    let
      given = manifest.package.build or null;
      usual = if paths.isFile (manifest.folder + "/build.rs") then "build.rs" else null;
    in
    if builtins.isString given then
      given
    else if given == false then
      null
    else
      usual;

  # The files of the programs, tests, examples and benchmarks that a manifest names.
  targetsOf =
    manifest:
    let
      folders = {
        bench = "benches";
        bin = "src/bin";
        example = "examples";
        test = "tests";
      };
      filesOf =
        kind: target:
        if builtins.isString (target.path or null) then
          [ target.path ]
        else
          lib.optionals (builtins.isString (target.name or null)) [
            "${folders.${kind}}/${target.name}.rs"
            "${folders.${kind}}/${target.name}/main.rs"
          ]
          ++ lib.optional (kind == "bin") "src/main.rs";
      # Of another type it is for Cargo to judge.
      tables = value: lib.optionals (builtins.isList value) (lib.filter builtins.isAttrs value);
      named = kind: lib.concatMap (filesOf kind) (tables (manifest.document.${kind} or null));
    in
    lib.filter (file: paths.isFile (manifest.folder + "/${file}")) (
      lib.concatMap named (builtins.attrNames folders)
    );

  # The section by which a manifest replaces something else than `policy-api`, which is replaced in
  # the program as well.
  replacing =
    document:
    let
      isOther = key: value: (value.package or key) != "policy-api";
      replacesOther = source: builtins.isAttrs source && lib.filterAttrs isOther source != { };
    in
    if document ? replace then
      "replace"
    else if
      builtins.isAttrs (document.patch or { })
      && lib.any replacesOther (builtins.attrValues (document.patch or { }))
    then
      "patch"
    else
      null;

  isEngine = folder: engine != null && toString folder == toString engine;
in
folder: manifest:
let
  it = show manifest.path;
  inherit (manifest) workspace;

  text =
    key:
    let
      value = manifest.package.${key} or null;
    in
    if builtins.isString value then
      value
    else
      fail "`${it}` has no `${key}` in its `[package]`: add one, as text";
  name = text "name";
  # Cargo's own default, for what is never published.
  version = if manifest.package ? version then text "version" else "0.0.0";

  asked = lib.findFirst (it: it.linked && it.package == "policy-api") null manifest.dependencies;
  # By `[package.metadata.policy-engine]` a crate that depends on it says that it registers nothing.
  table = value: if builtins.isAttrs value then value else { };
  declared = (table ((table (manifest.package.metadata or null)).policy-engine or null)).role or null;
  role = if asked == null || declared == "support" then "support" else "policy";
  # From Git or a folder it needs no version; then the compiler decides.
  isMet = asked.requirement == null || semver.satisfies asked.requirement api;

  # The name that Rust knows the library by.
  libraryName =
    if manifest.libraryName == null then
      lib.replaceStrings [ "-" ] [ "_" ] name
    else
      manifest.libraryName;
  inherit (manifest) libraryTypes;
  isMacro = lib.elem "proc-macro" libraryTypes;
  isRustLibrary = libraryTypes == [ ] || lib.elem "lib" libraryTypes || lib.elem "rlib" libraryTypes;

  library = if manifest.library == null then "src/lib.rs" else manifest.library;
  libraryFile = manifest.folder + "/${library}";

  outside = lib.findFirst (
    file: !paths.contains manifest.folder (manifest.folder + "/${file}")
  ) null ([ library ] ++ lib.optional (buildScript manifest != null) (buildScript manifest));

  # The policy is to be built from the sources that its tests were.
  replaced = lib.findFirst (it: replacing it.document != null) null (
    [ manifest ] ++ lib.optional (workspace != null && !isEngine workspace.folder) workspace
  );

  locks = lib.filter paths.isFile (
    map (folder: folder + "/Cargo.lock") (
      [ manifest.folder ] ++ lib.optional (workspace != null) workspace.folder ++ [ root ]
    )
  );
in
assert manifest.complete;
if !(manifest.document ? package) then
  fail "`${it}` has no `[package]`: expected a crate's manifest, with a name and a version"
else if !semver.isVersion (builtins.seq name version) then
  fail "`${it}` has the version `${version}`, which is not a semantic version such as `1.2.0`: correct it"
else if builtins.match "[A-Za-z_][A-Za-z0-9_-]*" name == null then
  fail "`${it}` has the name `${name}`, which Cargo does not take: use letters, digits, `-` and `_`, a letter first"
else if replaced != null then
  fail "`${
    show (replaced.folder + "/Cargo.toml")
  }` has a `[${replacing replaced.document}]`, which does not count in the program's workspace: the policy would be built from other sources than its tests were; take it out"
else if outside != null then
  fail "`${it}` has the file `${outside}`, which is outside of the crate's folder: a crate is built from its own folder alone; move the file there"
else if asked != null && declared != null && declared != "support" then
  fail "`${it}` has the `role` ${builtins.toJSON declared} in its `[package.metadata.policy-engine]`: expected \"support\", for a crate that depends on `policy-api` and registers nothing"
else if asked != null && !isMet then
  fail "policy crate `${name}` asks for policy-api `${asked.requirement}` in `${it}`, and this engine has ${api}: change the requirement, or build with an engine that has it"
else if role == "policy" && !paths.isFile libraryFile then
  fail "`${it}` depends on `policy-api` but has no library: expected `${show libraryFile}`, with `policy_api::register!` in it; ${untracked libraryFile}"
else if role == "policy" && isMacro then
  fail "policy crate `${name}` is a procedural macro, which runs in the compiler and not in a program: take `proc-macro` out of the `[lib]` of `${it}`, or have the policy in a crate of its own"
else if role == "policy" && !isRustLibrary then
  fail "policy crate `${name}` is compiled as ${
    lib.concatMapStringsSep " and " (it: "`${it}`") libraryTypes
  } alone, which no Rust program can be linked with: add `\"lib\"` to the `crate-type` in the `[lib]` of `${it}`"
else if role == "policy" && !rustNames.isCrateName libraryName then
  fail "policy crate `${name}` has a library of the name `${libraryName}`, which Rust does not take for a crate's in a path, so the program cannot refer to it: rename the package, or have another `name` in the `[lib]` of `${it}`"
else
  {
    crate = name;
    inherit
      version
      folder
      role
      library
      libraryName
      ;
    path = manifest.folder;
    # What the manifest is called in a message.
    manifest = it;
    inherit (manifest) dependencies;
    buildScript = buildScript manifest;
    targets = targetsOf manifest;
    workspace = if workspace == null then null else workspace.folder;
    lock = if locks == [ ] then null else builtins.head locks;
  }
