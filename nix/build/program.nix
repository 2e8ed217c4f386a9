# Compiles the static program in three steps. The engine and its dependencies come first: they are one
# derivation for all policies folders. The dependencies that a folder adds come next, then the
# policies and the program itself.
{
  commonArgs,
  craneLib,
  engineVendorDir,
  lib,
  mkRegistration,
  mkRustflags,
  pkgs,
  revision,
  targets,
}:
target:
let
  stageArgs =
    commonArgs
    // {
      doCheck = false;
    }
    // targets.cargoEnvironment {
      inherit target;
      platform = pkgs.stdenv.hostPlatform;
    };
  exportRustflags = mkRustflags target;

  # A build of a program that does nothing, whose compiled crates the next step takes up. All steps
  # compile the one package, which turns on the same features of its dependencies in each.
  mkStage =
    args:
    craneLib.mkCargoDerivation (
      stageArgs
      // args
      // {
        preBuild = exportRustflags + "echo 'fn main() {}' > program/src/main.rs\n";
        buildPhaseCargoCommand = "cargoWithProfile build ${cargoExtraArgs}";
      }
    );
  cargoExtraArgs = "--locked --package policy-engine-program";
in
rec {
  engineArtifacts = mkStage {
    pname = "policy-engine-artifacts";
    cargoVendorDir = engineVendorDir;
    cargoArtifacts = null;
    src = mkRegistration {
      inherit target;
      engineAlone = true;
    };
    meta.description = "The engine's crates and all that they depend on, compiled: the same for every policies folder";
  };

  dependencies = mkStage {
    pname = "policy-engine-dependencies";
    cargoArtifacts = engineArtifacts;
    src = mkRegistration {
      inherit target;
      manifestsOnly = true;
    };
    meta.description = "What the policies depend on beside the engine, compiled";
  };

  program = craneLib.buildPackage (
    stageArgs
    // {
      pname = "policy-engine";
      src = mkRegistration { inherit target revision; };
      cargoArtifacts = dependencies;
      inherit cargoExtraArgs;
      preBuild = exportRustflags + commonArgs.preBuild;
      # What was compiled, and by which compiler, for the image's bill of materials.
      outputs = [
        "out"
        "log"
      ];
      postInstall = ''
        mkdir "$log"
        # Cargo writes them as compilations end, which is another order each time.
        LC_ALL=C sort "$cargoBuildLog" > "$log/messages.json"
        cargo metadata --format-version 1 --locked --offline --filter-platform ${target} > "$log/metadata.json"
        rustc --version --verbose > "$log/rustc.txt"
      '';
      passthru = { inherit dependencies engineArtifacts; };
      meta = {
        description = "Policies, and the engine that answers by them";
        license = lib.licenses.asl20;
        mainProgram = "policy-engine";
      };
    }
  );
}
