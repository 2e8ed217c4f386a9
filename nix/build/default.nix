# Builds one folder of policies for one target: the program, and the images of it.
{
  here,
  hereTarget,
  mkArchive,
  mkDocuments,
  mkOci,
  mkProgram,
  mkRegistration,
  mkVet,
  pkgs,
  revision,
  targets,
  vetImages,
}:
target:
let
  compiled = mkProgram target;
  registration = mkRegistration { inherit revision target; };
  vet = mkVet target;
  packed = {
    inherit (compiled) program;
    # Every image is labelled by it, so that there is none without what it depends on.
    registration =
      if vetImages then
        pkgs.runCommandLocal registration.name { inherit vet; } "ln -s ${registration} $out"
      else
        registration;
    architecture = targets.architectureOf target;
    reporter = if target == hereTarget then null else here.program;
  };
in
compiled
// mkArchive packed
// rec {
  inherit registration vet;
  oci = mkOci packed;
  documents = mkDocuments oci;
}
