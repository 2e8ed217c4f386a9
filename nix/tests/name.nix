{ lib }:
let
  isTaken =
    name:
    (builtins.tryEval (
      import ../image/name.nix {
        inherit name;
        tag = "v1";
      }
    )).success;
in
{
  "name: what registries take is taken" = {
    expr = map isTaken [
      "policies"
      "team/policies"
      "ghcr.io/acme/policy-engine"
      "Registry.example.com:5000/a_b/c--d"
      "localhost/x"
      "localhost:5000/x"
      "host:5000/x"
    ];
    expected = lib.genList (_: true) 7;
  };
  "name: what no registry takes is refused" = {
    expr = map isTaken [
      ""
      "UPPER/x"
      "a..b/c"
      "a b"
      "x:v1"
      "x@sha256:0"
      "/x"
      "x/"
      "example.com:999999/x"
    ];
    expected = lib.genList (_: false) 9;
  };
}
