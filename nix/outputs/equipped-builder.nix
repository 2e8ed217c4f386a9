# policy-builder with the engine's sources and the tools that it works with. Nothing else that is
# installed takes their place, nor does Cargo's configuration.
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
  platform = pkgs.stdenv.hostPlatform;
  variable = target: "CARGO_TARGET_${lib.toUpper (lib.replaceStrings [ "-" ] [ "_" ] target)}_LINKER";
  environment = target: targets.cargoEnvironment { inherit platform target; };
  # They outrank Cargo's configuration.
  linkers = lib.genAttrs ([ platform.rust.rustcTarget ] ++ targets.images) (
    target: (environment target).${variable target} or "cc"
  );
  exports = lib.mapAttrsToList (target: linker: "export ${variable target}=${linker}\n") linkers;
in
pkgs.writeShellScript "policy-builder" ''
  export POLICY_ENGINE_SOURCE="''${POLICY_ENGINE_SOURCE:-${engine.source}}"
  export POLICY_ENGINE_FEATURES="''${POLICY_ENGINE_FEATURES:-${lib.concatStringsSep "," features}}"
  # By default it works beside the sources, which here is the store.
  export CARGO_TARGET_DIR="''${CARGO_TARGET_DIR:-''${XDG_CACHE_HOME:-$HOME/.cache}/policy-engine}"
  export PATH="${toolchain}/bin:${pkgs.stdenv.cc}/bin:$PATH"
  unset CARGO RUSTC RUSTUP_TOOLCHAIN
  ${lib.concatStrings exports}
  exec ${lib.getExe builder} "$@"
''
