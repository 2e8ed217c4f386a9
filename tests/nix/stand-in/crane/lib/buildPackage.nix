# Builds a crate and installs its programs, on top of `cargoArtifacts`.
{ buildDepsOnly, mkCargoDerivation }:
{
  cargoBuildCommand ? "cargoWithProfile build",
  cargoExtraArgs ? "--locked",
  cargoTestCommand ? "cargoWithProfile test",
  cargoTestExtraArgs ? "",
  doCheck ? true,
  doInstallCargoArtifacts ? false,
  ...
}@args:
mkCargoDerivation (
  removeAttrs args [
    "cargoBuildCommand"
    "cargoExtraArgs"
    "cargoTestCommand"
    "cargoTestExtraArgs"
  ]
  // {
    inherit doCheck doInstallCargoArtifacts;
    removeReferences = true;

    cargoArtifacts =
      args.cargoArtifacts or (buildDepsOnly (
        # The caller's build and install commands are about programs that a dummy lacks.
        removeAttrs args [
          "buildPhaseCargoCommand"
          "checkPhaseCargoCommand"
          "installPhase"
          "installPhaseCommand"
        ]
      ));

    buildPhaseCargoCommand =
      args.buildPhaseCargoCommand or ''
        cargoBuildLog=$(mktemp cargoBuildLogXXXX.json)
        ${cargoBuildCommand} --message-format json-render-diagnostics ${cargoExtraArgs} >"$cargoBuildLog"
      '';
    checkPhaseCargoCommand =
      args.checkPhaseCargoCommand or "${cargoTestCommand} ${cargoExtraArgs} ${cargoTestExtraArgs}";
    installPhaseCommand = args.installPhaseCommand or "installCargoBinaries";
    postBuildInstallsBinaries = !(args.doNotPostBuildInstallCargoBinaries or false);
  }
)
