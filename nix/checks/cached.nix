# Checks what is built again after a change and what is not, by the paths of derivations: without a
# build.
{
  inputs,
  lib,
  mkPolicyEngine,
  pkgs,
}:
let
  engine =
    arguments:
    mkPolicyEngine (
      {
        inherit pkgs;
        policies = ../../tests/nix/cached/before;
      }
      // arguments
    );
  path = package: builtins.unsafeDiscardStringContext package.drvPath;

  before = engine { };
  edited = engine { policies = ../../tests/nix/cached/after; };
  other = engine { policies = ../template/policies; };
  committed = engine { revision = "0123456789abcdef0123456789abcdef01234567"; };
  renamed = engine {
    name = "example.com/other";
    tag = "v2";
  };

  expected = {
    "two folders share the compiled engine" =
      path other.engineArtifacts == path before.engineArtifacts && path other != path before;
    "another revision leaves the dependencies as they are" =
      path committed.dependencies == path before.dependencies && path committed != path before;
    "the attributes of the program outlast `overrideAttrs`" =
      path (before.overrideAttrs { pname = "mine"; }).image == path before.image;
    "a changed source leaves the dependencies as they are" =
      path edited.dependencies == path before.dependencies;
    "a changed source gives another program" = path edited != path before;
    "another name and tag leave the program as it is" = path renamed == path before;
    "another name, tag and revision leave vetting as it is" =
      path renamed.checks.vet == path before.checks.vet
      && path committed.checks.vet == path before.checks.vet;
    "another name and tag give another image" = path renamed.image != path before.image;
    "the overlay takes up what the flake has compiled" =
      path (pkgs.extend inputs.self.overlays.default).policy-engine.dependencies
      == path inputs.self.packages.${pkgs.stdenv.hostPlatform.system}.default.dependencies;
  };
  wrong = lib.attrNames (lib.filterAttrs (_: holds: !holds) expected);
in
pkgs.runCommand "check-cached" { wrong = builtins.toJSON wrong; } ''
  if [ "$wrong" != "[]" ]; then
    echo "error: not so: $wrong" >&2
    exit 1
  fi
  touch "$out"
''
