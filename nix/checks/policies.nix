# Runs the tests of the folder's own crates, against this engine.
{
  commonArgs,
  craneLib,
  discovered,
  lib,
  mkRegistration,
  pkgs,
  targets,
}:
let
  workspace =
    arguments:
    mkRegistration (
      arguments
      // {
        target = targets.programOn pkgs.stdenv.hostPlatform;
        withTests = true;
      }
    );
  cargoExtraArgs = "--locked ${
    lib.concatMapStringsSep " " (
      crate: "--package ${lib.escapeShellArg "${crate.crate}@${crate.version}"}"
    ) (lib.filter (crate: !crate ? source) discovered.crates)
  }";
  testArgs = commonArgs // {
    pname = "policies";
    inherit cargoExtraArgs;
    CARGO_PROFILE = "dev";
  };
in
craneLib.cargoTest (
  testArgs
  // {
    src = workspace { };
    cargoArtifacts = craneLib.buildDepsOnly (
      testArgs
      // {
        dummySrc = workspace { manifestsOnly = true; };
        buildPhaseCargoCommand = "cargoWithProfile test --no-run ${cargoExtraArgs}";
        doCheck = false;
      }
    );
    doInstallCargoArtifacts = false;
  }
)
