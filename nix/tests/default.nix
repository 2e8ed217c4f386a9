# Runs the tests of the pure functions and lists those that fail, with the expected and the actual
# value.
{ lib }:
let
  suites = [
    ./discover.nix
    ./locks.nix
    ./name.nix
    ./nixos-module.nix
    ./paths.nix
    ./policies.nix
    ./policies-toml.nix
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
