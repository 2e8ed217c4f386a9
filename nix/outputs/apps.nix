# The programs that `nix run` starts.
{
  builder,
  engine,
  lib,
  packages,
  pkgs,
  toolchain,
}:
{
  default = {
    type = "app";
    program = lib.getExe packages.default;
    meta.description = "The engine with the policies in it";
  };

  # `nix run .#image-stream | docker load`
  image-stream = {
    type = "app";
    program = "${packages.image-stream}";
    meta.description = "Prints the image, as an archive for `docker load`";
  };

  # With the sources and the compiler that it works with.
  builder = {
    type = "app";
    program = "${pkgs.writeShellScript "policy-builder" ''
      export POLICY_ENGINE_SOURCE="''${POLICY_ENGINE_SOURCE:-${engine.source}}"
      # By default it works beside the sources, which here is the store.
      export CARGO_TARGET_DIR="''${CARGO_TARGET_DIR:-''${XDG_CACHE_HOME:-$HOME/.cache}/policy-engine}"
      export PATH="${
        lib.concatMapStringsSep ":" (package: "${package}/bin") [
          toolchain
          pkgs.stdenv.cc
        ]
      }:$PATH"
      exec ${lib.getExe builder} "$@"
    ''}";
    meta.description = "Builds a static binary, and an image, from a folder of policy crates";
  };
}
