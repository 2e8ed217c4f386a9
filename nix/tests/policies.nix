{ lib }:
let
  given =
    folder:
    let
      # A path as text: nothing is copied to the store, which may be empty.
      input = toString folder;
      inherit (import ../build/policies.nix { inputs.policies.outPath = input; }) policies;
    in
    lib.removePrefix input policies;
in
{
  "policies: an input that is a repository is its folder `policies`" = {
    expr = given ../../docs/examples/from-kyverno;
    expected = "/policies";
  };

  "policies: an input that is a folder of crates is that folder" = {
    expr = given ../../tests/fixtures/house-rules;
    expected = "";
  };
}
