# The tests of the folder's crates, against this engine.
{
  cargoVendorDir,
  craneLib,
  engine,
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
  selected = "--locked --workspace --exclude policy-api --exclude policy-engine --exclude policy-engine-program";
  shared = {
    pname = "policies";
    inherit (engine) version;
    inherit cargoVendorDir;
    cargoExtraArgs = selected;
    CARGO_PROFILE = "dev";
    strictDeps = true;
  };
in
craneLib.cargoTest (
  shared
  // {
    src = workspace { };
    cargoArtifacts = craneLib.buildDepsOnly (
      shared
      // {
        dummySrc = workspace { manifestsOnly = true; };
        buildPhaseCargoCommand = "cargoWithProfile test --no-run ${selected}";
        doCheck = false;
      }
    );
    # As in program.nix: all files are of one age.
    preBuild = "find policies -exec touch {} +";
    doInstallCargoArtifacts = false;
  }
)
