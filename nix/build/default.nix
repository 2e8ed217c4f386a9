# Builds one folder of policies for one target: the program, and the images of it.
{
  here,
  hereTarget,
  mkArchive,
  mkDocuments,
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
    reporter = if target == hereTarget then null else here.program;
  };
in
compiled
// mkArchive packed
// rec {
  inherit (packed) registration;
  oci = mkOci packed;
  documents = mkDocuments oci;
}
