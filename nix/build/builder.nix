# Compiles policy-builder.
{
  commonArgs,
  craneLib,
  engine,
  engineVendorDir,
  lib,
  mkRustflags,
  paths,
  pkgs,
  targets,
}:
{
  # A program to be kept, for this target [one for the machine that builds, soon compiled].
  target ? null,
}:
let
  isKept = target != null;
  # One that is kept embeds the engine's sources. The other is given them, so that it stays as it is
  # when they change.
  crates = engine.closureOf (
    [ "builder" ]
    ++ lib.optionals isKept [
      "api"
      "runtime"
    ]
  );
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

  builderArgs = {
    pname = "policy-builder";
    inherit (engine) version;
    src = engine.sourceOf crates (map (member: member + "/Cargo.toml") others);
    cargoVendorDir = engineVendorDir;
    cargoExtraArgs =
      "--locked --package policy-builder" + lib.optionalString (!isKept) " --no-default-features";
    strictDeps = true;
    # The repository's own checks run its tests.
    doCheck = false;
  }
  // (if isKept then kept else quick);

  # Compiling it takes longer than anything that it does. What handles megabytes is optimised in this
  # profile as well.
  quick.CARGO_PROFILE = "dev";
  # Linked as the programs of images are.
  kept = {
    inherit (commonArgs) dontPatchELF dontStrip postConfigure;
    CARGO_PROFILE_RELEASE_STRIP = "symbols";
    preBuild = mkRustflags target;
  }
  // targets.cargoEnvironment {
    inherit target;
    platform = pkgs.stdenv.hostPlatform;
  };
in
craneLib.buildPackage (
  builderArgs
  // {
    cargoArtifacts = craneLib.buildDepsOnly (
      builderArgs
      // {
        extraDummyScript = "cd $out\n${stubs}";
        # By default `cargo check` runs first, for lints, which nobody runs here.
        buildPhaseCargoCommand = "cargoWithProfile build ${builderArgs.cargoExtraArgs}";
      }
    );
    postPatch = stubs;
    # The program tells its pages and completions itself, where it starts.
    postInstall = lib.optionalString (isKept && pkgs.stdenv.hostPlatform.isLinux) ''
      builder=$out/bin/policy-builder
      "$builder" man --output "$out/share/man/man1"
      mkdir -p "$out"/share/{bash-completion/completions,zsh/site-functions,fish/vendor_completions.d}
      "$builder" completions bash > "$out/share/bash-completion/completions/policy-builder"
      "$builder" completions zsh > "$out/share/zsh/site-functions/_policy-builder"
      "$builder" completions fish > "$out/share/fish/vendor_completions.d/policy-builder.fish"
    '';
    meta = {
      description = "Builds one static binary, and a small image, from a folder of Rust policy crates";
      longDescription = ''
        It brings the engine's sources, and compiles with the Rust toolchain on the PATH. `nix run
        .#builder` brings that as well.
      '';
      license = lib.licenses.asl20;
      mainProgram = "policy-builder";
    };
  }
)
