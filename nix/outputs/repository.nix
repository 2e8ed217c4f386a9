# What belongs to this repository and not to what is built with it: its own checks, its formatter,
# and a shell to work in.
{
  callWith,
  engine,
  inputs,
  lib,
  pkgsFor,
  rustToolchain,
  source,
  scope,
}:
system:
let
  pkgs = pkgsFor system;
  craneLib = (inputs.crane.mkLib pkgs).overrideToolchain rustToolchain;
  shared = {
    pname = "policy-engine-workspace";
    inherit (engine) version;
    src = source {
      name = "policy-engine-workspace";
      inherit (engine) root;
      keep = [
        ".cargo"
        "Cargo.lock"
        "Cargo.toml"
        "README.md"
        "clippy.toml"
        "engine"
        "policies"
        "rustfmt.toml"
        "tests"
      ];
    };
    cargoVendorDir = craneLib.vendorMultipleCargoDeps { cargoLockParsedList = [ engine.lock ]; };
    strictDeps = true;
    CARGO_PROFILE = "dev";
  };
  compiled = shared // {
    doInstallCargoArtifacts = false;
    cargoArtifacts = craneLib.buildDepsOnly (shared // { cargoExtraArgs = "--locked --workspace"; });
  };
  nixFiles = source {
    name = "policy-engine-nix";
    inherit (engine) root;
    keep = [
      "flake.nix"
      "nix"
      "tests/nix"
    ];
    isPart = lib.hasSuffix ".nix";
  };
in
{
  formatter = pkgs.nixfmt-tree;

  devShell = craneLib.devShell {
    packages = [
      pkgs.nixfmt
      pkgs.skopeo
    ];
  };

  checks = {
    format = craneLib.cargoFmt shared;
    format-nix = pkgs.runCommand "check-format-nix" { nativeBuildInputs = [ pkgs.nixfmt ]; } ''
      find ${nixFiles} -name '*.nix' -print0 | xargs -0 nixfmt --check
      touch "$out"
    '';
    clippy = craneLib.cargoClippy (
      compiled // { cargoClippyExtraArgs = "--workspace --all-targets -- --deny warnings"; }
    );
    # Those of policy-tests drive Cargo, Docker and Nix themselves: `cargo test` runs them.
    tests = craneLib.cargoTest (
      compiled // { cargoExtraArgs = "--locked --workspace --exclude policy-tests"; }
    );
    functions = callWith (scope // { inherit pkgs; }) ../checks/functions.nix;
    cached = callWith (scope // { inherit pkgs; }) ../checks/cached.nix;
  };
}
