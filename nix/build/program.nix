# Compiles the static program in three steps. The engine and its dependencies come first: they are one
# derivation for all policies folders. The dependencies that a folder adds come next, then the
# policies and the program itself.
{
  commonArgs,
  craneLib,
  discovered,
  engineVendorDir,
  features,
  lib,
  mkRegistration,
  mkRustflags,
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
    // targets.cargoEnvironment target;
  exportRustflags = mkRustflags target;

  # A build whose compiled crates the next step takes up.
  mkStage =
    { packages, ... }@args:
    craneLib.mkCargoDerivation (
      stageArgs
      // removeAttrs args [ "packages" ]
      // {
        preBuild = exportRustflags + args.preBuild or "";
        # One command for all packages: apart, one could get fewer features than in the program.
        buildPhaseCargoCommand = "cargoWithProfile build ${
          lib.escapeShellArgs (
            [ "--locked" ]
            ++ lib.concatMap (package: [
              "--package"
              package
            ]) packages
            ++ lib.concatMap (feature: [
              "--features"
              "policy-engine/${feature}"
            ]) features
          )
        }";
      }
    );
in
rec {
  engineArtifacts = mkStage {
    pname = "policy-engine-artifacts";
    packages = [ "policy-engine" ];
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
    packages = [
      "policy-engine"
    ]
    ++ map (policy: "${policy.crate}@${policy.version}") discovered.policies;
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
      cargoExtraArgs = "--locked --package policy-engine-program";
      preBuild = exportRustflags + commonArgs.preBuild;
      # What was compiled, and by which compiler, for the image's bill of materials.
      outputs = [
        "out"
        "log"
      ];
      postInstall = ''
        mkdir "$log"
        cp "$cargoBuildLog" "$log/messages.json"
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
