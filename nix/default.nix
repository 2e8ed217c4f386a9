# The index of this folder: one function a file, each given what it asks for by name.
{ inputs }:
let
  inherit (inputs.nixpkgs) lib;

  # Calls a file's function with those of `scope` that its arguments name.
  callWith =
    scope: file:
    let
      function = import file;
    in
    function (builtins.intersectAttrs (builtins.functionArgs function) scope);
  call = callWith nix;

  nix = {
    inherit callWith inputs lib;
    # All of this, for a function that adds to it.
    scope = nix;

    # Of this repository.
    engine = call ./build/engine.nix;
    repository = call ./outputs/repository.nix;
    inherit (call ./build/policies.nix) policies revision;

    # Pure functions.
    discover = call ./discover;
    locks = call ./discover/locks.nix;
    paths = call ./discover/paths.nix;
    source = call ./build/source.nix;
    targets = call ./build/targets.nix;

    # What is built with.
    pkgsFor = call ./build/pkgs-for.nix;
    rustToolchain = call ./build/rust-toolchain.nix;
    forEachSystem = lib.genAttrs [
      "aarch64-darwin"
      "aarch64-linux"
      "x86_64-darwin"
      "x86_64-linux"
    ];

    # What a flake offers.
    mkPolicyEngine = call ./mk-policy-engine.nix;
    hydraJobs = call ./outputs/hydra-jobs.nix;
    nixosModule = call ./outputs/nixos-module.nix;
    overlay = call ./outputs/overlay.nix;
    template = {
      description = "Policies of your own: a flake, one policy, its test, and a CI workflow";
      path = ./template;
    };
  };
in
nix
