# One derivation a Cargo command: clippy, fmt, test, build, doc.
{
  mkCargoDerivation,
  pkgs,
  toolchain,
}:
let
  # The arguments that make up the command line are no attributes of the derivation.
  commandLine = [
    "cargoBuildExtraArgs"
    "cargoClippyExtraArgs"
    "cargoDocExtraArgs"
    "cargoExtraArgs"
    "cargoTestExtraArgs"
    "rustFmtExtraArgs"
  ];
  command =
    suffix: attributesOf: args:
    mkCargoDerivation (
      removeAttrs args commandLine // { pnameSuffix = "-${suffix}"; } // attributesOf args
    );
  locked = args: args.cargoExtraArgs or "--locked";
in
{
  cargoBuild = command "build" (args: {
    buildPhaseCargoCommand = "cargoWithProfile build ${locked args}";
  });

  cargoClippy = command "clippy" (args: {
    buildPhaseCargoCommand = "cargoWithProfile clippy ${locked args} ${
      args.cargoClippyExtraArgs or "--all-targets"
    }";
  });

  cargoDoc = command "doc" (args: {
    buildPhaseCargoCommand = "cargoWithProfile doc ${locked args} ${
      args.cargoDocExtraArgs or "--no-deps"
    }";
  });

  cargoFmt = command "fmt" (args: {
    cargoArtifacts = null;
    cargoVendorDir = null;
    doInstallCargoArtifacts = false;
    nativeBuildInputs =
      args.nativeBuildInputs or [ ] ++ (if toolchain == null then [ pkgs.rustfmt ] else [ ]);
    buildPhaseCargoCommand = "cargo fmt ${args.cargoExtraArgs or ""} -- --check ${args.rustFmtExtraArgs or ""}";
  });

  cargoTest = command "test" (args: {
    doCheck = args.doCheck or true;
    buildPhaseCargoCommand = "";
    checkPhaseCargoCommand = "cargoWithProfile test ${locked args} ${args.cargoTestExtraArgs or ""}";
  });
}
