# What a Hydra builds and keeps in its cache: each job of each Linux system.
{ inputs, lib }:
let
  systems = [
    "aarch64-linux"
    "x86_64-linux"
  ];
  # system -> job -> derivation, the other way round.
  jobsOf =
    outputs:
    lib.genAttrs (builtins.attrNames outputs.${builtins.head systems}) (
      job: lib.genAttrs systems (system: outputs.${system}.${job})
    );
in
{
  packages = jobsOf inputs.self.packages;
  checks = jobsOf inputs.self.checks;
}
