# The index of this folder: a scope in which each file is one function, called with the members that
# its arguments name.
{ inputs }:
let
  inherit (inputs.nixpkgs) lib;
in
lib.makeScope lib.callPackageWith (
  self:
  let
    inherit (self) callPackage;
  in
  {
    inherit inputs lib;

    # Of this repository.
    engine = callPackage ./build/engine.nix { };
    repository = callPackage ./outputs/repository.nix { };
    inherit (callPackage ./build/policies.nix { }) policies revision;

    # Pure functions.
    discover = callPackage ./discover { };
    locks = callPackage ./discover/locks.nix { };
    paths = callPackage ./discover/paths.nix { };
    policiesToml = callPackage ./build/policies-toml.nix { };
    readManifest = callPackage ./discover/manifest.nix { };
    targets = callPackage ./build/targets.nix { };

    # What a build needs.
    pkgsFor = callPackage ./build/pkgs-for.nix { };
    rust = callPackage ./build/rust.nix { };
    rustToolchain = callPackage ./build/rust-toolchain.nix { };
    forEachSystem = lib.genAttrs [
      "aarch64-darwin"
      "aarch64-linux"
      "x86_64-linux"
    ];

    # What the flake offers. `nix flake check` wants an overlay and a module to be functions, which
    # callPackage would wrap in sets.
    mkPolicyEngine = callPackage ./mk-policy-engine.nix { };
    hydraJobs = import ./outputs/hydra-jobs.nix {
      inherit inputs lib;
      inherit (self) pkgsFor;
    };
    nixosModule = import ./outputs/nixos-module.nix { inherit inputs; };
    overlay = import ./outputs/overlay.nix { inherit (self) lib mkPolicyEngine policies; };
  }
)
