# What `policies.toml` says of a program. Changes of the other rules, at which vetting alone looks,
# change no program.
{ lib }:
let
  # What `[vet.allow]` allows that has no effect at run time, and that no document of an image tells.
  vettingAlone = [
    "build-script"
    "dependency"
    "environment"
    "hidden-code"
    "included-file"
    "procedural-macro"
    "standard-streams"
    "unsafe"
    "unstable-feature"
  ];
  isOfProgram = entry: !(lib.isAttrs entry && lib.elem (entry.what or null) vettingAlone);

  # A value in TOML, where strings, numbers and booleans are as in JSON.
  toValue =
    value:
    if lib.isAttrs value then
      "{ ${lib.concatStringsSep ", " (lib.mapAttrsToList toPair value)} }"
    else if lib.isList value then
      "[ ${lib.concatMapStringsSep ", " toValue value} ]"
    else
      builtins.toJSON value;
  toPair = key: value: "${builtins.toJSON key} = ${toValue value}";
in
{
  # The part of the parsed file. What is not as it should be stays, for `policy-builder` to refuse.
  ofProgram =
    document:
    let
      ofVet =
        vet:
        removeAttrs vet [ "dependencies" ]
        // lib.optionalAttrs (lib.isList (vet.allow or null)) {
          allow = lib.filter isOfProgram vet.allow;
        };
      part = name: value: if name == "vet" && lib.isAttrs value then ofVet value else value;
      isSaid = value: value != { } && value != { allow = [ ]; };
    in
    lib.filterAttrs (_: isSaid) (lib.mapAttrs part document);

  # The text of a file.
  toTOML =
    document:
    lib.concatStringsSep "" (lib.mapAttrsToList (key: value: toPair key value + "\n") document);
}
