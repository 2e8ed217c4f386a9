# Builds one folder of policies for one target: the program, and the images of it.
{
  mkArchive,
  mkOci,
  mkProgram,
  mkRegistration,
  revision,
  targets,
}:
target:
let
  compiled = mkProgram target;
  packed = {
    inherit (compiled) program;
    registration = mkRegistration { inherit revision target; };
    architecture = targets.architectureOf target;
  };
in
compiled
// mkArchive packed
// {
  inherit (packed) registration;
  oci = mkOci packed;
}
