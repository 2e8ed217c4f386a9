# Compiles the static program in two steps: first its dependencies, which the policies' sources do
# not change, then the policies and the program itself.
{
  cargoVendorDir,
  commonArgs,
  craneLib,
  discovered,
  features,
  lib,
  mkRegistration,
  pkgs,
  targets,
}:
target:
let
  programArgs =
    commonArgs
    // {
      pname = "policy-engine";
      doCheck = false;
    }
    // targets.cargoEnvironment {
      inherit cargoVendorDir target;
      platform = pkgs.stdenv.hostPlatform;
    };
  options = [
    "--locked"
    "--package"
    "policy-engine"
  ]
  ++ lib.concatMap (policy: [
    "--package"
    "${policy.crate}@${policy.version}"
  ]) discovered.policies
  ++ lib.concatMap (feature: [
    "--features"
    "policy-engine/${feature}"
  ]) features;
in
rec {
  # One command for all of them: apart, a package could get fewer features than in the program.
  dependencies = craneLib.buildDepsOnly (
    programArgs
    // {
      dummySrc = mkRegistration {
        inherit target;
        manifestsOnly = true;
      };
      buildPhaseCargoCommand = "cargoWithProfile build ${lib.escapeShellArgs options}";
    }
  );

  program = craneLib.buildPackage (
    programArgs
    // {
      src = mkRegistration { inherit target; };
      cargoArtifacts = dependencies;
      cargoExtraArgs = "--locked --package policy-engine-program";
      passthru = { inherit dependencies; };
      meta = {
        description = "Policies, and the engine that answers by them";
        license = lib.licenses.asl20;
        mainProgram = "policy-engine";
      };
    }
  );
}
