# The Cargo workspace that registers every policy with the engine, as `policy-builder generate`
# lays it out, its lock completed from the vendored sources.
{
  builder,
  cargoVendorDir,
  craneLib,
  engine,
  features,
  lib,
  policiesSource,
}:
{
  target,
  # Without the policies' sources: for compiling what they depend on.
  manifestsOnly ? false,
  # With the crates' tests and what these depend on.
  withTests ? false,
}:
let
  policies = if manifestsOnly then policiesSource.manifests else policiesSource.whole;
  options = [
    "--engine"
    engine.source
    "--policies"
    "${policies}/${policiesSource.within}"
    "--target"
    target
    "--engine-features"
    (lib.concatStringsSep "," features)
  ]
  ++ lib.optional withTests "--with-tests";
in
craneLib.mkCargoDerivation {
  # One name with and without sources: builds unpack into a folder of that name, by which Cargo
  # knows its packages again.
  pname = "policy-engine-registration";
  inherit (engine) version;
  inherit cargoVendorDir;
  cargoArtifacts = null;
  dontUnpack = true;
  nativeBuildInputs = [ builder ];
  buildPhaseCargoCommand = ''
    policy-builder generate ${lib.escapeShellArgs options} --output "$out"
  '';
  installPhaseCommand = "";
  doInstallCargoArtifacts = false;
  # Sources stay as their authors wrote them.
  dontFixup = true;
}
