# The image's files beside the program: the same as policy-builder packs.
{ builder, pkgs }:
pkgs.runCommand "policy-engine-base"
  {
    nativeBuildInputs = [ builder ];
    meta.description = "The files that every image has beside the program";
  }
  ''
    policy-builder base --output "$out"
  ''
