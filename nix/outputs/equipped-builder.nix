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
  # They outrank Cargo's configuration.
  linkers = {
    "CARGO_TARGET_${pkgs.stdenv.hostPlatform.rust.cargoEnvVarTarget}_LINKER" = "cc";
  }
  // lib.concatMapAttrs (_: environment: removeAttrs environment [ "CARGO_BUILD_TARGET" ]) (
    lib.genAttrs targets.images (
      target:
      targets.cargoEnvironment {
        inherit target;
        platform = pkgs.stdenv.hostPlatform;
      }
    )
  );
  exports = lib.mapAttrsToList (variable: linker: "export ${variable}=${linker}\n") linkers;
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
