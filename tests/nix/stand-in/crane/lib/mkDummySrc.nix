# A source with its manifests and lock as they are and every Rust file replaced by the same few
# words, so that only its dependencies are worth building.
{ lib, pkgs }:
{
  src,
  extraDummyScript ? "",
  dummyrs ? pkgs.writeText "dummy.rs" "#![allow(dead_code)]\nfn main() {}\n",
  ...
}:
let
  root =
    if lib.isDerivation src then
      throw "stand-in for crane: mkDummySrc was given the derivation `${src.name}`; expected a path, since reading a derivation during evaluation would build it; pass `dummySrc` or `cargoArtifacts`"
    else
      # Not the filtered copy: it need not be in the store while Nix only evaluates.
      src.origSrc or src;
  isPart = src.filter or (_: _: true);
  name = src.name or (baseNameOf (builtins.unsafeDiscardStringContext (toString root)));
  nameWithoutHash =
    let
      parts = builtins.match "[a-z0-9]{32}-(.*)" name;
    in
    if parts == null then name else lib.head parts;

  isManifest =
    path:
    lib.elem (baseNameOf path) [
      "Cargo.toml"
      "Cargo.lock"
    ]
    || lib.hasSuffix ".cargo/config.toml" path;

  # The Rust files below `folder`, as paths relative to the root.
  rustFiles =
    folder:
    lib.concatLists (
      lib.mapAttrsToList (
        name: kind:
        let
          path = if folder == "" then name else "${folder}/${name}";
        in
        if !isPart "${toString root}/${path}" kind then
          [ ]
        else if kind == "directory" then
          rustFiles path
        else
          lib.optional (lib.hasSuffix ".rs" name) path
      ) (builtins.readDir (root + "/${folder}"))
    );
in
pkgs.runCommand nameWithoutHash
  {
    manifests = builtins.path {
      path = root;
      name = "manifests";
      filter = path: kind: isPart path kind && (kind == "directory" || isManifest path);
    };
    rustFiles = lib.concatLines (rustFiles "");
    passAsFile = [ "rustFiles" ];
  }
  ''
    cp --recursive --no-preserve=mode $manifests $out
    while read -r file; do
      mkdir -p "$out/$(dirname "$file")"
      cp --no-preserve=mode ${dummyrs} "$out/$file"
    done <"$rustFilesPath"
    ${extraDummyScript}
  ''
