# One crate of a policies folder, as far as evaluation needs it. What is missing or of another type in
# a manifest has a default here: `policy-builder generate` refuses it, in the first derivation.
{ lib, paths }:
let
  isText = lib.isString;
  table = value: if lib.isAttrs value then value else { };
  textOr = default: value: if isText value then value else default;

  # The build script, as Cargo finds it.
  buildScriptOf =
    manifest:
    let
      given = manifest.package.build or null;
      isThere = paths.isFile (manifest.folder + "/build.rs");
    in
    if isText given then [ given ] else lib.optional (given != false && isThere) "build.rs";

  # The files of the programs, tests, examples and benchmarks that a manifest names.
  namedTargetsOf =
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
        if isText (target.path or null) then
          [ target.path ]
        else
          lib.optionals (isText (target.name or null)) [
            "${folders.${kind}}/${target.name}.rs"
            "${folders.${kind}}/${target.name}/main.rs"
          ]
          ++ lib.optional (kind == "bin") "src/main.rs";
      tables = value: lib.optionals (lib.isList value) (lib.filter lib.isAttrs value);
      named = kind: lib.concatMap (filesOf kind) (tables (manifest.document.${kind} or null));
    in
    lib.filter (file: paths.isFile (manifest.folder + "/${file}")) (
      lib.concatMap named (lib.attrNames folders)
    );
in
{
  # Stops with a message.
  fail,
  # What a path is called in one.
  show,
  untracked,
}:
# The crate's folder in the policies folder.
folder: manifest:
let
  inherit (manifest) workspace;

  # A crate that depends on `policy-api` is a policy, unless it says that it registers none.
  isPolicy =
    lib.any (dependency: dependency.linked && dependency.package == "policy-api") manifest.dependencies
    && declaredRole != "support";
  declaredRole = (table (metadata.policy-engine or null)).role or null;
  metadata = table (manifest.package.metadata or null);

  library = textOr "src/lib.rs" ((table (manifest.document.lib or null)).path or null);
  libraryFile = manifest.folder + "/${library}";
in
# Evaluates all that is inherited, so that a workspace that Git does not track is named here.
lib.deepSeq manifest.package (
  if isPolicy && !paths.isFile libraryFile then
    fail "`${show manifest.path}` depends on `policy-api` but has no library: expected `${show libraryFile}`, with `policy_api::register!` in it\nhelp: ${untracked libraryFile}"
  else
    {
      crate = textOr (baseNameOf folder) (manifest.package.name or null);
      # Cargo's own default, for what is never published.
      version = textOr "0.0.0" (manifest.package.version or null);
      inherit folder;
      role = if isPolicy then "policy" else "support";
      path = manifest.folder;
      # What the manifest is called in a message.
      manifest = show manifest.path;
      inherit (manifest) dependencies;
      # The files that Cargo has to see for a crate of the same targets.
      targets = [ library ] ++ buildScriptOf manifest ++ namedTargetsOf manifest;
      workspace = if workspace == null then null else workspace.folder;
    }
)
