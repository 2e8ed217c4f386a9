# Vets the policies for a target, by `policy-builder vet`: what it finds stops the build.
{
  advisoryDb,
  builder,
  commonArgs,
  craneLib,
  engine,
  features,
  lib,
  policiesSource,
}:
target:
let
  # The folder that it works in, where artifacts of Cargo's are put and taken from.
  workFolder = "vet";
  vet =
    source: more:
    let
      options = [
        "--engine"
        engine.source
        "--policies"
        (if policiesSource.within == "" then "." else policiesSource.within)
        "--target"
        target
        "--engine-features"
        (lib.concatStringsSep "," features)
      ]
      ++ more;
    in
    # In the folder that messages name files from.
    "(work=$PWD/${workFolder}; cd ${source} && policy-builder vet ${lib.escapeShellArgs options} --work-dir \"$work\")";
  stage =
    arguments:
    craneLib.mkCargoDerivation (
      {
        pname = "policies-vet";
        inherit (commonArgs) cargoVendorDir postConfigure version;
        CARGO_TARGET_DIR = "${workFolder}/target";
        nativeBuildInputs = [ builder ];
        dontUnpack = true;
        dontFixup = true;
      }
      // arguments
    );

  # What the policies depend on, which their sources do not change. What is found here, the second
  # stage finds as well, by all rules.
  dependencies = stage {
    pnameSuffix = "-deps";
    cargoArtifacts = null;
    buildPhaseCargoCommand = "${vet policiesSource.manifests [ ]} || echo 'left to the next stage'";
  };
in
stage {
  cargoArtifacts = dependencies;
  doInstallCargoArtifacts = false;
  buildPhaseCargoCommand = vet policiesSource.whole (
    lib.optionals (advisoryDb != null) [
      "--advisory-db"
      "${advisoryDb}"
    ]
  );
}
