# An image that builds images, as `policy-builder builder-image` makes it from the files of a Debian: the
# toolchain, the C compiler that links for it, the engine's sources with all that they and the policies
# depend on, and policy-builder. It needs no network.
{
  base,
  cargoVendorDir,
  cratesIo,
  engine,
  lib,
  mkBuilder,
  pkgs,
  targets,
  toolchain,
}:
let
  name = "policy-builder";
  platform = pkgs.stdenv.hostPlatform;
  target = targets.imageOn platform;
  builder = mkBuilder { inherit target; };
  # The crates are where Cargo itself would have unpacked them: what a program says of their places is
  # the same as without this image.
  cargoHome = pkgs.runCommand "${name}-cargo-home" { } ''
    sources=$out/registry/src/${cratesIo.cargos}
    mkdir -p "$(dirname "$sources")"
    ln -s ${cargoVendorDir}/${cratesIo.vendored} "$sources"
    sed "s|${cargoVendorDir}/${cratesIo.vendored}|$sources|" ${cargoVendorDir}/config.toml > "$out/config.toml"
  '';
in
(pkgs.dockerTools.buildLayeredImage {
  inherit name;
  tag = "latest";
  architecture = targets.architectureOf target;
  contents = [ base ];
  extraCommands = ''
    mkdir -p policies
    mkdir -m 1777 -p tmp cache out
  '';
  config = {
    User = "1000:1000";
    WorkingDir = "/";
    Entrypoint = [ (lib.getExe builder) ];
    Cmd = [
      "image"
      "--policies"
      "/policies"
      "--output"
      "/out/policy-engine.tar"
    ];
    Env = [
      "PATH=${
        lib.concatMapStringsSep ":" (package: "${package}/bin") [
          toolchain
          pkgs.stdenv.cc
        ]
      }"
      "HOME=/tmp"
      "CARGO_HOME=${cargoHome}"
      "CARGO_TARGET_DIR=/cache"
      "CARGO_NET_OFFLINE=true"
      "POLICY_ENGINE_SOURCE=${engine.source}"
      "POLICY_BUILDER_IMAGE=${name}:latest"
    ];
  };
}).overrideAttrs
  { meta.description = "An image that builds images, without Nix and without a network"; }
