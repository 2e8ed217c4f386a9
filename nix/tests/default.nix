# Runs the tests of the pure functions: gives those that fail, each with what it expected and what
# it got.
{ lib }:
let
  suites = [
    ./discover.nix
    ./locks.nix
    ./name.nix
    ./nixos-module.nix
    ./paths.nix
    ./semver.nix
  ];
  tests = lib.concatMap (
    suite:
    lib.mapAttrsToList (name: { expr, expected }: {
      inherit name expected;
      got = expr;
    }) (import suite { inherit lib; })
  ) suites;
in
lib.filter (test: test.got != test.expected) tests
