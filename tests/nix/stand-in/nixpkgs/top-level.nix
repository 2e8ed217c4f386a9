# The package set: one line a thing, each from its own file.
{
  lib,
  system,
  final,
}:
let
  stdenv = import ./stdenv.nix { inherit lib system; };
  trivialBuilders = import ./trivial-builders.nix { inherit lib stdenv; };
in
trivialBuilders
// import ./tools.nix {
  inherit lib;
  inherit (trivialBuilders) runCommand;
}
// {
  inherit lib stdenv system;
  stdenvNoCC = stdenv;

  callPackage = lib.callPackageWith final;
  closureInfo = import ./closure-info.nix { inherit system; };
  dockerTools = import ./docker-tools.nix {
    inherit lib;
    inherit (final)
      runCommand
      stdenv
      symlinkJoin
      writeText
      ;
  };
  fetchurl = import ./fetchurl.nix { inherit system; };
  testers = import ./testers.nix { inherit (trivialBuilders) runCommand; };

  # No cross compilation of packages: whatever they are built for, it is this system.
  buildPackages = final;
  pkgsBuildBuild = final;
  pkgsBuildHost = final;
  pkgsHostTarget = final;
}
