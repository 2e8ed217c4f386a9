# Checks that `policy-builder image` makes the very image that Nix makes, by the same compiler and linker.
# It compiles the engine once more, so it is none of the checks.
{
  builder,
  compression,
  cargoVendorDir,
  craneLib,
  cratesIo,
  engine,
  features,
  lib,
  name,
  oci,
  policiesSource,
  program,
  revision,
  tag,
}:
let
  options = [
    "--engine"
    engine.source
    "--policies"
    "${policiesSource.whole}/${policiesSource.within}"
    "--engine-features"
    (lib.concatStringsSep "," features)
    "--target"
    program.CARGO_BUILD_TARGET
    "--no-vet"
    "--created"
    "0"
    "--repo"
    name
    "--tag"
    tag
    "--compression"
    compression
  ]
  ++ lib.optionals (revision != null) [
    "--revision"
    revision
  ];
in
craneLib.mkCargoDerivation {
  pname = "check-same-image";
  inherit (engine) version;
  inherit cargoVendorDir;
  cargoArtifacts = null;
  doInstallCargoArtifacts = false;
  dontUnpack = true;
  dontFixup = true;
  nativeBuildInputs = [ builder ];
  # Where Cargo itself puts what it fetches.
  postConfigure = ''
    sources=$CARGO_HOME/registry/src/${cratesIo.cargos}
    mkdir -p "$(dirname "$sources")"
    ln -s "$cargoVendorDir/${cratesIo.vendored}" "$sources"
    sed -i "s|$cargoVendorDir/${cratesIo.vendored}|$sources|" "$CARGO_HOME/config.toml"
  '';
  buildPhaseCargoCommand = ''
    policy-builder image ${lib.escapeShellArgs options} --work-dir work --oci-layout image
    diff --recursive ${oci} image
    touch "$out"
  '';
  installPhaseCommand = "";
}
