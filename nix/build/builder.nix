# policy-builder, for the machine that builds.
{
  craneLib,
  engine,
  lib,
  source,
}:
let
  others = [ "engine/runtime" ] ++ builtins.filter (member: member != "engine/*") engine.members;
  # Cargo wants the whole workspace to be there, and its sources would have the builder, and so
  # everything, compiled again with each change to a policy: these have their manifest only.
  stubs = lib.concatMapStrings (member: ''
    mkdir -p ${member}/src
    touch ${member}/src/lib.rs
  '') others;

  shared = {
    pname = "policy-builder";
    inherit (engine) version;
    src = source {
      name = "policy-builder-source";
      inherit (engine) root;
      keep = [
        "Cargo.lock"
        "Cargo.toml"
        "engine/api/Cargo.toml"
        "engine/api/src"
        "engine/builder/Cargo.toml"
        "engine/builder/src"
        "engine/text/Cargo.toml"
        "engine/text/src"
        "engine/tls/Cargo.toml"
        "engine/tls/src"
      ]
      ++ map (member: "${member}/Cargo.toml") others;
    };
    cargoVendorDir = craneLib.vendorMultipleCargoDeps { cargoLockParsedList = [ engine.lock ]; };
    cargoExtraArgs = "--locked --package policy-builder";
    # As `cargo image` runs it: to compile it takes longer than anything that it does, and what it
    # does with megabytes is optimised there as well.
    CARGO_PROFILE = "dev";
    strictDeps = true;
    # The repository's own checks run its tests.
    doCheck = false;
  };
in
craneLib.buildPackage (
  shared
  // {
    cargoArtifacts = craneLib.buildDepsOnly (
      shared
      // {
        extraDummyScript = "cd $out\n${stubs}";
        # Without the `cargo check` that comes first by default, which only lints would use.
        buildPhaseCargoCommand = "cargoWithProfile build ${shared.cargoExtraArgs}";
      }
    );
    postPatch = stubs;
    meta = {
      description = "Builds one static binary, and a small image, from a folder of Rust policy crates";
      license = lib.licenses.asl20;
      mainProgram = "policy-builder";
    };
  }
)
