# Compiles policy-builder for the machine that builds.
{
  craneLib,
  engine,
  engineVendorDir,
  lib,
  paths,
}:
let
  crates = engine.closureOf [ "builder" ];
  others = lib.subtractLists crates engine.members;
  # Cargo wants the whole workspace to be there. With the sources of its other members, each change
  # to a policy would compile the builder again, and with it everything: they have a manifest, an
  # empty library, and the programs that the manifest lists.
  stubs = lib.concatMapStrings stubsOf others;
  stubsOf =
    member:
    let
      programs = (lib.importTOML (member + "/Cargo.toml")).bin or [ ];
      files = [ "src/lib.rs" ] ++ map (program: program.path or "src/bin/${program.name}.rs") programs;
    in
    lib.concatMapStrings (file: ''
      mkdir -p "$(dirname ${paths.within engine.root member}/${file})"
      touch ${paths.within engine.root member}/${file}
    '') files;

  commonArgs = {
    pname = "policy-builder";
    inherit (engine) version;
    src = engine.sourceOf crates (map (member: member + "/Cargo.toml") others);
    cargoVendorDir = engineVendorDir;
    cargoExtraArgs = "--locked --package policy-builder";
    # Compiling it takes longer than anything that it does. What handles megabytes is optimised in
    # this profile as well.
    CARGO_PROFILE = "dev";
    strictDeps = true;
    # The repository's own checks run its tests.
    doCheck = false;
  };
in
craneLib.buildPackage (
  commonArgs
  // {
    cargoArtifacts = craneLib.buildDepsOnly (
      commonArgs
      // {
        extraDummyScript = "cd $out\n${stubs}";
        # By default `cargo check` runs first, for lints, which nobody runs here.
        buildPhaseCargoCommand = "cargoWithProfile build ${commonArgs.cargoExtraArgs}";
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
