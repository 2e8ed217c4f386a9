# Lays out the Cargo workspace that registers every policy with the engine, by `policy-builder
# generate`, which judges the policies first. The vendored sources complete its lock.
{
  builder,
  cargoVendorDir,
  craneLib,
  engine,
  engineVendorDir,
  features,
  lib,
  policiesSource,
}:
{
  target,
  # Leaves the policies out, to compile what all folders have in common.
  engineAlone ? false,
  # Leaves the policies' sources out, to compile their dependencies.
  manifestsOnly ? false,
  # Adds the crates' tests and their dependencies.
  withTests ? false,
  # The source revision, for the program to report.
  revision ? null,
}:
let
  policies = if manifestsOnly then policiesSource.manifests else policiesSource.program;
  options = [
    "--engine"
    engine.source
    "--target"
    target
    "--engine-features"
    (lib.concatStringsSep "," features)
  ]
  ++ (
    if engineAlone then
      [ "--engine-alone" ]
    else
      [
        "--policies"
        "${policies}/${policiesSource.within}"
      ]
  )
  ++ lib.optionals (revision != null) [
    "--revision"
    revision
  ]
  ++ lib.optional withTests "--with-tests";
in
craneLib.mkCargoDerivation {
  # Cargo knows a package by its folder, and builds unpack into a folder of this name: it is the same
  # for every step of a build.
  pname = "policy-engine-registration";
  inherit (engine) version;
  cargoVendorDir = if engineAlone then engineVendorDir else cargoVendorDir;
  cargoArtifacts = null;
  dontUnpack = true;
  nativeBuildInputs = [ builder ];
  buildPhaseCargoCommand = ''
    policy-builder generate ${lib.escapeShellArgs options} --output "$out"
  '';
  installPhaseCommand = "";
  doInstallCargoArtifacts = false;
  # The fixup phase would change sources.
  dontFixup = true;
  meta.description = "The Cargo workspace that links the policies with the engine";
}
