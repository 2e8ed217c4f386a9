# policy-builder with the engine's sources and the tools that it works with. Nothing else that is
# installed takes their place.
{
  builder,
  engine,
  features,
  lib,
  pkgs,
  targets,
  toolchain,
}:
let
  hostLinker = targets.linkerVariable pkgs.stdenv.hostPlatform.rust.rustcTarget;
in
pkgs.writeShellScript "policy-builder" ''
  export POLICY_ENGINE_SOURCE="''${POLICY_ENGINE_SOURCE:-${engine.source}}"
  export POLICY_ENGINE_FEATURES="''${POLICY_ENGINE_FEATURES:-${lib.concatStringsSep "," features}}"
  # By default it works beside the sources, which here is the store.
  export CARGO_TARGET_DIR="''${CARGO_TARGET_DIR:-''${XDG_CACHE_HOME:-$HOME/.cache}/policy-engine}"
  export PATH="${toolchain}/bin:${pkgs.stdenv.cc}/bin:$PATH"
  unset CARGO RUSTC RUSTUP_TOOLCHAIN
  # For build scripts and macros; it outranks Cargo's configuration.
  export ${hostLinker}=cc
  exec ${lib.getExe builder} "$@"
''
