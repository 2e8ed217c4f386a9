# What it refuses, and by which words, is tested from Rust, as is that `policy-builder` finds the
# same: `tests/flake`.
{ lib }:
let
  discover = import ../discover { inherit lib; };
  ours = discover {
    path = ../../policies;
    api = "0.1.0";
  };
  theirs = discover {
    path = ../../tests/fixtures/house-rules;
    api = "0.1.7";
  };
  succeeds = arguments: (builtins.tryEval (builtins.seq (discover arguments) true)).success;
in
{
  "discover: the crates of this repository" = {
    expr = {
      policies = map (it: it.crate) ours.policies;
      support = map (it: it.crate) ours.support;
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
      crates = map (it: removeAttrs it [ "dependencies" ]) (lib.take 2 theirs.crates);
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
          library = "src/lib.rs";
          libraryName = "fingerprint";
          buildScript = null;
          targets = [ ];
          manifest = theirs.show ../../tests/fixtures/house-rules/fingerprint/Cargo.toml;
          path = ../../tests/fixtures/house-rules/fingerprint;
          workspace = ../../tests/fixtures/house-rules/fingerprint;
          lock = ../../tests/fixtures/house-rules/fingerprint/Cargo.lock;
        }
        {
          crate = "greeting";
          version = "1.4.0";
          folder = "greeting";
          role = "policy";
          library = "src/lib.rs";
          libraryName = "greeting";
          buildScript = null;
          targets = [ "tests/hello.rs" ];
          manifest = theirs.show ../../tests/fixtures/house-rules/greeting/Cargo.toml;
          path = ../../tests/fixtures/house-rules/greeting;
          workspace = ../../tests/fixtures/house-rules;
          lock = null;
        }
      ];
    };
  };

  "discover: what a crate takes from its workspace is filled in" = {
    expr = (lib.findFirst (it: it.crate == "greeting") null theirs.crates).dependencies;
    expected = [
      {
        package = "policy-api";
        requirement = "0.1";
        path = null;
        linked = true;
      }
      {
        package = "serde";
        requirement = "1";
        path = null;
        linked = true;
      }
      {
        package = "words";
        requirement = null;
        path = {
          folder = ../../tests/fixtures/house-rules/words;
          from = ../../tests/fixtures/house-rules;
          written = "words";
        };
        linked = true;
      }
    ];
  };

  "discover: an engine that the policies are not for is refused" = {
    expr =
      map
        (
          api:
          succeeds {
            path = ../../policies;
            inherit api;
          }
        )
        [
          "0.1.0"
          "0.1.9"
          "0.2.0"
          "1.0.0"
        ];
    expected = [
      true
      true
      false
      false
    ];
  };

  "discover: a folder that is not there is refused" = {
    expr = succeeds {
      path = ./nothing;
      api = "0.1.0";
    };
    expected = false;
  };
}
