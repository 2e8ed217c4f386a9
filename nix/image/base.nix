# The image's files beside the program: the same as policy-builder packs.
{ builder, pkgs }:
pkgs.runCommand "policy-engine-base" { nativeBuildInputs = [ builder ]; } ''
  policy-builder base --output "$out"
''
