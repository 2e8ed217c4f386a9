# What discovery refuses, and that `policy-builder` finds the same crates, is tested from Rust:
# `tests/flake`.
{ lib }:
let
  discover = import ../discover { inherit lib; };
  ours = discover ../../policies;
  theirs = discover ../../tests/fixtures/house-rules;
  succeeds = path: (builtins.tryEval (lib.seq (discover path) true)).success;
in
{
  "discover: the crates of this repository" = {
    expr = {
      policies = map (crate: crate.crate) ours.policies;
      support = map (crate: crate.crate) ours.support;
    };
    expected = {
      policies = [
        "allowed-registries"
        "http-authz"
        "pod-security"
      ];
      support = [ "kube-objects" ];
    };
  };

  "discover: a workspace above the folder is part of what has to be there" = {
    expr = {
      inherit (ours)
        root
        within
        locks
        workspaces
        ;
    };
    expected = {
      root = ../..;
      within = "policies";
      locks = [ ../../Cargo.lock ];
      workspaces = [ ../.. ];
    };
  };

  "discover: a folder that is a workspace of its own is all that there is" = {
    expr = {
      inherit (theirs) root within locks;
      crates = map (crate: removeAttrs crate [ "dependencies" ]) (lib.take 2 theirs.crates);
    };
    expected = {
      root = ../../tests/fixtures/house-rules;
      within = "";
      locks = [ ../../tests/fixtures/house-rules/fingerprint/Cargo.lock ];
      crates = [
        {
          crate = "fingerprint";
          version = "0.3.0";
          folder = "fingerprint";
          role = "policy";
          targets = [ "src/lib.rs" ];
          manifest = theirs.show ../../tests/fixtures/house-rules/fingerprint/Cargo.toml;
          path = ../../tests/fixtures/house-rules/fingerprint;
          workspace = ../../tests/fixtures/house-rules/fingerprint;
        }
        {
          crate = "greeting";
          version = "1.4.0";
          folder = "greeting";
          role = "policy";
          targets = [
            "src/lib.rs"
            "tests/hello.rs"
          ];
          manifest = theirs.show ../../tests/fixtures/house-rules/greeting/Cargo.toml;
          path = ../../tests/fixtures/house-rules/greeting;
          workspace = ../../tests/fixtures/house-rules;
        }
      ];
    };
  };

  "discover: what a crate takes from its workspace is filled in" = {
    expr = (lib.findFirst (crate: crate.crate == "greeting") null theirs.crates).dependencies;
    expected = [
      {
        package = "policy-api";
        path = null;
        linked = true;
      }
      {
        package = "serde";
        path = null;
        linked = true;
      }
      {
        package = "words";
        path = {
          folder = ../../tests/fixtures/house-rules/words;
          from = ../../tests/fixtures/house-rules;
          written = "words";
        };
        linked = true;
      }
    ];
  };

  "discover: a folder that is not there is refused" = {
    expr = succeeds ./nothing;
    expected = false;
  };
}
