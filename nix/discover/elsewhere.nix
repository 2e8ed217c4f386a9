# Reads which policies from elsewhere `policies.toml` names: those that lie in folders, and those that
# `policies.lock` pins. `policy-builder generate` judges the entries, in the first derivation.
{
  lib,
  paths ? import ./paths.nix { inherit lib; },
}:
{
  # Stops with a message.
  fail,
  # What a path is called in one.
  show,
}:
# The policies folder.
root:
let
  table = value: if lib.isAttrs value then value else { };
  textOr = default: value: if lib.isString value then value else default;
  read = path: lib.addErrorContext "while reading `${show path}`" (lib.importTOML path);

  file = root + "/policies.toml";
  lock = root + "/policies.lock";
  document = if paths.isFile file then read file else { };

  entries = lib.mapAttrsToList (
    key: value:
    let
      entry = table value;
    in
    {
      inherit key;
      package = textOr key (entry.package or null);
      # Where it lies, as the file has it.
      written = textOr null (entry.path or null);
      isGit = entry ? git;
    }
  ) (table (document.policies or null));
  fetched = lib.filter (entry: entry.written == null) entries;

  # What makes the pins that are missing.
  remedy = "help: run `policy-builder lock --policies ${show root}` (`nix run .#builder -- lock …`), and have Git track what it writes: `git add ${show lock}`";
  pins = lib.filter (package: package ? source) ((read lock).package or [ ]);
  pinOf =
    entry:
    lib.findFirst (pin: pin.name == entry.package && lib.hasPrefix "git+" pin.source == entry.isGit)
      (fail "`${show file}` names the policy `${entry.key}`, which `${show lock}` does not pin\n${remedy}")
      pins;
in
{
  # The file, and what it says.
  inherit document file;

  # The folders of crates, each with its entry.
  folders = map (entry: {
    inherit (entry) key written;
    folder = if lib.hasPrefix "/" entry.written then /. + entry.written else root + "/${entry.written}";
  }) (lib.filter (entry: entry.written != null) entries);

  # The packages of registries and Git repositories, as the lock has them.
  pinned =
    if fetched == [ ] then
      [ ]
    else if !paths.isFile lock then
      fail "`${show file}` names policies from elsewhere (${
        lib.concatMapStringsSep ", " (entry: "`${entry.key}`") fetched
      }), and there is no `${show lock}` to fetch them by\n${remedy}"
    else
      map pinOf fetched;
}
