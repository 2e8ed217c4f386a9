# One folder of policies for one target: the program, and what it is packed as.
{
  image,
  oci,
  program,
  registration,
  targets,
}:
target:
let
  compiled = program target;
  packed = {
    inherit (compiled) program;
    registration = registration { inherit target; };
    architecture = targets.architectureOf target;
  };
in
compiled
// image packed
// {
  inherit (packed) registration;
  oci = oci packed;
}
