# `stdenv`: `mkDerivation` over Debian's bash, coreutils, gcc, … in /usr, which Nix's sandbox must
# show to builders.
{ lib, system }:
let
  platform = lib.systems.elaborate system;
  bash = "/bin/bash";

  environment = derivation {
    inherit system;
    name = "stdenv-stand-in";
    builder = bash;
    PATH = "/usr/bin:/bin";
    args = [
      "-c"
      "mkdir $out && cp ${./setup.sh} $out/setup"
    ];
  };

  # The attributes that say something to Nix code only, not to the builder.
  forEvaluation = [
    "env"
    "meta"
    "passthru"
  ];

  build =
    args:
    let
      drv = derivation (
        {
          inherit system;
          name = "${args.pname}-${args.version}";
          builder = bash;
          args = [
            "-c"
            "source $stdenv/setup; genericBuild"
          ];
          stdenv = environment;
          outputs = [ "out" ];
        }
        // removeAttrs args forEvaluation
        // args.env or { }
      );
    in
    drv
    // args.passthru or { }
    // {
      meta = { } // args.meta or { };
      passthru = args.passthru or { };
    };

  # The attributes are a function of themselves: `overrideAttrs` reaches what depends on them.
  fromFunction =
    attrsOf:
    let
      args = attrsOf (args // { finalPackage = package; });
      overrideAttrs =
        change:
        fromFunction (
          final:
          let
            prev = attrsOf final;
            once = if lib.isFunction change then change prev else change;
          in
          prev // (if lib.isFunction once then change final prev else once)
        );
      package = build args // {
        inherit overrideAttrs;
      };
    in
    package;
in
environment
// {
  hostPlatform = platform;
  buildPlatform = platform;
  targetPlatform = platform;
  inherit (platform) isLinux isDarwin;
  cc = {
    targetPrefix = "";
    outPath = "/usr";
  };
  shell = bash;

  mkDerivation = args: fromFunction (if lib.isFunction args then args else _: args);
}
