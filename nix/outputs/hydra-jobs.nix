# The jobs that a Hydra builds and keeps in its cache, for each Linux system. With
# `packages.engine-artifacts` and `packages.builder` in it, any policies folder compiles only what it
# adds to the engine.
{
  inputs,
  lib,
  pkgsFor,
}:
let
  systems = [
    "aarch64-linux"
    "x86_64-linux"
  ];
  # Hydra wants job -> system -> derivation.
  jobsOf =
    outputs:
    lib.genAttrs (lib.attrNames outputs.${lib.head systems}) (
      job: lib.genAttrs systems (system: outputs.${system}.${job})
    );
in
{
  packages = jobsOf inputs.self.packages;
  checks = jobsOf inputs.self.checks;
  # What takes long, or a machine with KVM.
  tests.same-image = lib.genAttrs systems (
    system: inputs.self.packages.${system}.default.tests.same-image
  );
  # `nix build .#hydraJobs.tests.nixos-module.x86_64-linux` where there is KVM.
  tests.nixos-module = lib.genAttrs systems (
    system:
    import ./nixos-test.nix {
      inherit inputs;
      pkgs = pkgsFor system;
    }
  );
}
