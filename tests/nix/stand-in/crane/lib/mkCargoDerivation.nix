# The derivation under all others: Cargo with vendored dependencies, an earlier build's artifacts
# unpacked before and this one's packed after.
{
  crateNameFromCargoToml,
  pkgs,
  rustPrograms,
  vendorCargoDeps,
}:
let
  hooks = map (name: pkgs.makeSetupHook { inherit name; } ../hooks/${name}.sh) [
    "cargo"
    "artifacts"
  ];
in
{
  buildPhaseCargoCommand,
  checkPhaseCargoCommand ? "",
  installPhaseCommand ? "mkdir -p $out",
  cargoArtifacts,
  pnameSuffix ? "",
  doInstallCargoArtifacts ? true,
  ...
}@args:
let
  crate = crateNameFromCargoToml args;
  cargoLock =
    if args ? cargoLock then
      { inherit (args) cargoLock; }
    else if args ? cargoLockContents then
      { cargoLock = pkgs.writeText "Cargo.lock" args.cargoLockContents; }
    else
      { };
  phase = name: command: ''
    runHook pre${name}
    ${command}
    runHook post${name}
  '';
in
pkgs.stdenv.mkDerivation (
  removeAttrs args [
    "buildPhaseCargoCommand"
    "cargoLockContents"
    "cargoLockParsed"
    "checkPhaseCargoCommand"
    "installPhaseCommand"
    "outputHashes"
    "pnameSuffix"
  ]
  // cargoLock
  // {
    inherit cargoArtifacts doInstallCargoArtifacts;
    pname = "${args.pname or crate.pname}${pnameSuffix}";
    version = args.version or crate.version;
    cargoVendorDir = args.cargoVendorDir or (vendorCargoDeps args);
    nativeBuildInputs = args.nativeBuildInputs or [ ] ++ rustPrograms ++ hooks;

    buildPhase = args.buildPhase or (phase "Build" "cargo --version\n${buildPhaseCargoCommand}");
    checkPhase = args.checkPhase or (phase "Check" checkPhaseCargoCommand);
    installPhase = args.installPhase or (phase "Install" installPhaseCommand);
  }
)
