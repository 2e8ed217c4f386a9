# Builds a source for its artifacts: `dummySrc` as it is, or else `src` with its own code left out.
{
  crateNameFromCargoToml,
  mkCargoDerivation,
  mkDummySrc,
  vendorCargoDeps,
}:
{
  cargoBuildCommand ? "cargoWithProfile build",
  cargoCheckCommand ? "cargoWithProfile check",
  cargoExtraArgs ? "--locked",
  cargoTestCommand ? "cargoWithProfile test",
  cargoTestExtraArgs ? "--no-run",
  doCheck ? true,
  cargoCheckExtraArgs ? if doCheck then "--all-targets" else "",
  ...
}@args:
let
  # What is read during evaluation is the caller's source: a dummy is not built by then.
  given = if args ? dummySrc then args // { src = args.dummySrc; } else args;
  crate = crateNameFromCargoToml given;
in
mkCargoDerivation (
  removeAttrs args [
    "cargoBuildCommand"
    "cargoCheckCommand"
    "cargoCheckExtraArgs"
    "cargoExtraArgs"
    "cargoTestCommand"
    "cargoTestExtraArgs"
    "dummySrc"
    "dummyrs"
    "extraDummyScript"
    "outputs"
  ]
  // {
    inherit doCheck;
    src = args.dummySrc or (mkDummySrc args);
    pname = args.pname or crate.pname;
    version = args.version or crate.version;
    cargoVendorDir = args.cargoVendorDir or (vendorCargoDeps given);
    # The workspace's own crates are of no use to others if they were built from a dummy.
    forgetWorkspaceCrates = !(args ? dummySrc);
    pnameSuffix = "-deps";
    cargoArtifacts = null;
    doInstallCargoArtifacts = true;
    env = {
      CRANE_BUILD_DEPS_ONLY = 1;
    }
    // args.env or { };

    buildPhaseCargoCommand =
      args.buildPhaseCargoCommand or ''
        ${cargoCheckCommand} ${cargoExtraArgs} ${cargoCheckExtraArgs}
        ${cargoBuildCommand} ${cargoExtraArgs}
      '';
    checkPhaseCargoCommand =
      args.checkPhaseCargoCommand or "${cargoTestCommand} ${cargoExtraArgs} ${cargoTestExtraArgs}";
  }
)
