# One folder of policies for one target: the program, and what it is packed as.
{
  mkArchive,
  mkOci,
  mkProgram,
  mkRegistration,
  targets,
}:
target:
let
  compiled = mkProgram target;
  packed = {
    inherit (compiled) program;
    registration = mkRegistration { inherit target; };
    architecture = targets.architectureOf target;
  };
in
compiled
// mkArchive packed
// {
  inherit (packed) registration;
  oci = mkOci packed;
}
