# The tests of the folder's crates, against this engine.
{
  cargoVendorDir,
  craneLib,
  engine,
  pkgs,
  registration,
  targets,
}:
craneLib.cargoTest {
  pname = "policies";
  inherit (engine) version;
  inherit cargoVendorDir;
  src = registration {
    target = targets.programOn pkgs.stdenv.hostPlatform;
    withTests = true;
  };
  cargoArtifacts = null;
  cargoExtraArgs = "--locked --workspace --exclude policy-api --exclude policy-engine --exclude policy-engine-program";
  CARGO_PROFILE = "dev";
  strictDeps = true;
}
