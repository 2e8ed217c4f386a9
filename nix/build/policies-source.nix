# The policies as a build sees them: the crates, and the manifests and locks around them.
{
  discovered,
  lib,
  paths,
  pkgs,
  policiesToml,
}:
let
  inherit (discovered)
    crates
    locks
    policiesDocument
    policiesFile
    root
    within
    workspaces
    ;
  inherit (lib) fileset;
  relative = paths.within root;

  manifests = fileset.unions (
    map (folder: folder + "/Cargo.toml") (map (crate: crate.path) crates ++ workspaces) ++ locks
  );

  # A crate's folder without what Git, Cargo and Nix leave there.
  sourcesOf =
    { path, ... }:
    let
      isResult =
        { name, type, ... }: type == "symlink" && (name == "result" || lib.hasPrefix "result-" name);
    in
    fileset.difference path (
      fileset.unions [
        (fileset.maybeMissing (path + "/.git"))
        (fileset.maybeMissing (path + "/target"))
        (fileset.fileFilter isResult path)
      ]
    );

  # `lib.fileset.toSource` finds no files in another store than /nix/store (`nix build --store`) when
  # the policies folder came as a string: Nix then calls the filter with the files' real paths, whose
  # beginning is that store's own. Here only what follows the root is compared.
  toSource =
    files:
    let
      names = lib.genAttrs (map relative (fileset.toList files)) (_: true);
      isParent = folder: lib.any (lib.hasPrefix "${folder}/") (lib.attrNames names);
    in
    lib.cleanSourceWith {
      name = "policies";
      src = root;
      filter =
        absolute: type:
        let
          name = lib.last (lib.splitString "${toString root}/" absolute);
        in
        if type == "directory" then isParent name else names ? ${name};
    };

  sources = fileset.unions (map sourcesOf crates ++ [ manifests ]);

  # Puts `policies.toml` into `$out`, where it says anything.
  addPoliciesFile =
    document:
    lib.optionalString (document != { }) ''
      install -m 644 ${builtins.toFile "policies.toml" (policiesToml.toTOML document)} "$out"/${lib.escapeShellArg within}/policies.toml
    '';
  ofProgram = policiesToml.ofProgram policiesDocument;

  # The suites of the folder, and the files that their cases may be of.
  folder = if within == "" then root else root + "/${within}";
  endings = [
    ".json"
    ".yaml"
    ".yml"
  ];
  isDocument = { name, ... }: lib.any (ending: lib.hasSuffix ending name) endings;
  documents = fileset.difference (fileset.fileFilter isDocument folder) (
    fileset.maybeMissing (folder + "/target")
  );
  isSuite = file: lib.any (ending: lib.hasSuffix ".suite${ending}" (toString file)) endings;

  # The files that show Cargo which targets a crate has.
  stubs = lib.concatMap (
    { path, targets, ... }:
    map relative (lib.filter (paths.contains path) (map (file: path + "/${file}") targets))
  ) crates;
in
{
  inherit within;
  # With all rules of vetting.
  whole = toSource (fileset.union sources (fileset.maybeMissing policiesFile));

  # With what `policies.toml` says of the program.
  program =
    if ofProgram == { } then
      toSource sources
    else
      pkgs.runCommand "policies" { } ''
        cp -r ${toSource sources} $out
        chmod u+w "$out"/${lib.escapeShellArg within}
        ${addPoliciesFile ofProgram}
      '';

  # `null` without any.
  suites = if lib.any isSuite (fileset.toList documents) then toSource documents else null;

  # Manifests and locks only, which decide what the dependencies are.
  manifests = pkgs.runCommand "policies-manifests" { } ''
    cp -r --no-preserve=mode ${toSource manifests} $out
    ${addPoliciesFile (removeAttrs ofProgram [ "vet" ])}
    cd $out
    for stub in ${lib.escapeShellArgs stubs}; do
      mkdir -p -- "$(dirname -- "$stub")"
      printf '%s\n' '#![allow(warnings)]' 'fn main() {}' > "$stub"
    done
  '';
}
