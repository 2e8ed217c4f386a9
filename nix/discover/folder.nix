# The policies folder that Nix was given, and what messages call the files in it.
{ lib, paths }:
{
  # Stops with a message.
  fail,
}:
# A path, or what leads to one in the store, such as a flake's input.
given:
let
  text = "${given}";
  isBuilt = lib.any (context: context ? outputs) (lib.attrValues (builtins.getContext text));
  # Without the hash, which means nothing to the author.
  nameInStore = lib.substring 33 (-1) (baseNameOf text);

  # The sources are in the store already: a path without its context can be read and built upon.
  root =
    if lib.isPath given then
      given
    else if isBuilt then
      fail "the policies folder is what the derivation `${nameInStore}` makes: expected sources, which are there while Nix evaluates\nhelp: pass a path or a flake's input"
    else if !lib.hasPrefix "/" text then
      fail "the policies folder is the text `${text}`: expected a path\nhelp: write it without quotes, such as `policies = ./policies`"
    else
      /. + builtins.unsafeDiscardStringContext text;

  isInStore = lib.hasPrefix "${builtins.storeDir}/" (toString root);
  # The folder and those above it, to the top in the store.
  climbed = [ root ] ++ lib.optionals isInStore (paths.above root);
  # The root of the repository, from which messages name paths.
  top = if isInStore then lib.last climbed else dirOf root;

  show =
    file:
    let
      inside = paths.within top file;
    in
    if !paths.contains top file then
      toString file
    else if inside == "" then
      "."
    else
      inside;

  # A flake in a Git repository sees only what Git tracks.
  untracked = file: "in a Git repository, Nix sees only what is tracked: `git add ${show file}`";

  link = lib.findFirst (
    folder: lib.pathExists folder && builtins.readFileType folder == "symlink"
  ) null climbed;

  # A Git submodule that is not there, though it has the folder or a part of it.
  lostSubmodule =
    let
      file = top + "/.gitmodules";
      pathIn = builtins.match "[[:space:]]*path[[:space:]]*=[[:space:]]*(.*[^[:space:]])[[:space:]]*";
      submodules = map (path: top + "/${path}") (
        lib.concatMap (line: lib.filter lib.isString (lib.toList (pathIn line))) (
          lib.splitString "\n" (builtins.readFile file)
        )
      );
      isLost =
        submodule:
        (paths.contains submodule root || paths.contains root submodule)
        && !(paths.isFolder submodule && builtins.readDir submodule != { });
    in
    if isInStore && paths.isFile file then lib.findFirst isLost null submodules else null;
in
{
  inherit show untracked;

  # The folder, as a path.
  root =
    if link != null then
      fail "`${show link}` is a link, which leads out of what a build is given\nhelp: put the folder itself there, or name the one that the link leads to"
    else if lostSubmodule != null then
      fail "`${show lostSubmodule}` is a Git submodule, and Nix was given the repository without its submodules\nhelp: add `?submodules=1` to the flake's URL, such as `nix build '.?submodules=1#image'`; from Nix 2.27 on, `inputs.self.submodules = true` in `flake.nix` does the same"
    else if !paths.isFolder root then
      fail "there is no policies folder `${show root}`: expected a folder of crates\nhelp: name yours with `policies`; ${untracked root}"
    else
      root;

  # Whether the folder is all that Nix was given.
  isAlone = isInStore && root == top;

  # Whether Nix was given a file, if there is one.
  sees = file: !isInStore || paths.contains top file;

  # A path that a manifest in a folder names, as it is written there.
  showIn =
    folder: written:
    if lib.hasPrefix "/" written || show folder == "." then written else "${show folder}/${written}";
}
