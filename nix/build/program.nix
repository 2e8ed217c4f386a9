# The static program, in two steps: what the policies depend on, which their sources do not change,
# and then the policies and the program itself.
{
  cargoVendorDir,
  craneLib,
  discovered,
  engine,
  features,
  lib,
  mkRegistration,
  pkgs,
  targets,
}:
target:
let
  shared = {
    pname = "policy-engine";
    inherit (engine) version;
    inherit cargoVendorDir;
    strictDeps = true;
    doCheck = false;
    # Cargo has stripped it, and the tools of this machine need not know its format.
    dontStrip = true;
    dontPatchELF = true;
  }
  // targets.cargoEnvironment {
    inherit cargoVendorDir target;
    platform = pkgs.stdenv.hostPlatform;
  };
in
rec {
  # Built together, so that every package gets the features that it has in the program.
  dependencies = craneLib.buildDepsOnly (
    shared
    // {
      dummySrc = mkRegistration {
        inherit target;
        manifestsOnly = true;
      };
      buildPhaseCargoCommand = ''
        cargoWithProfile build --locked --package policy-engine ${
          lib.concatMapStringsSep " " (it: "--package ${it.crate}@${it.version}") discovered.policies
        } ${lib.concatMapStringsSep " " (it: "--features policy-engine/${it}") features}
      '';
    }
  );

  program = craneLib.buildPackage (
    shared
    // {
      src = mkRegistration { inherit target; };
      cargoArtifacts = dependencies;
      cargoExtraArgs = "--locked --package policy-engine-program";
      # In the store every file is of the same age: Cargo would take what was made of the stubs.
      preBuild = "find policies -exec touch {} +";
      passthru = { inherit dependencies; };
      meta = {
        description = "Policies, and the engine that answers by them";
        license = lib.licenses.asl20;
        mainProgram = "policy-engine";
      };
    }
  );
}
