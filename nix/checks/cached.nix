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
  renamed = engine {
    name = "example.com/other";
    tag = "v2";
  };

  expected = {
    "a changed source leaves the dependencies as they are" =
      path edited.dependencies == path before.dependencies;
    "a changed source gives another program" = path edited != path before;
    "another name and tag leave the program as it is" = path renamed == path before;
    "another name and tag give another image" = path renamed.image != path before.image;
    "the overlay's program is the flake's" =
      path (pkgs.extend inputs.self.overlays.default).policy-engine
      == path inputs.self.packages.${pkgs.stdenv.hostPlatform.system}.default;
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
