{
  description = "Every policy of a folder of Rust crates, in one static binary and one small image";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    crane.url = "github:ipetkov/crane/v0.23.4";
    rust-overlay = {
      url = "github:oxalica/rust-overlay";
      inputs.nixpkgs.follows = "nixpkgs";
    };
    # Stands for ./policies. `--override-input policies path:$PWD/my-policies` puts a folder of
    # yours in its place.
    policies = {
      url = "file+file:///dev/null";
      flake = false;
    };
  };

  outputs =
    inputs:
    let
      nix = import ./nix { inherit inputs; };
      engine = nix.forEachSystem (
        system:
        nix.mkPolicyEngine {
          inherit system;
          inherit (nix) policies revision;
        }
      );
      repository = nix.forEachSystem nix.repository;
      each = attribute: nix.forEachSystem (system: engine.${system}.${attribute});
    in
    {
      lib = { inherit (nix) mkPolicyEngine; };

      packages = each "packages";
      apps = each "apps";
      checks = nix.forEachSystem (system: engine.${system}.checks // repository.${system}.checks);
      devShells = nix.forEachSystem (
        system:
        engine.${system}.devShells
        // {
          default = repository.${system}.devShell;
        }
      );
      formatter = nix.forEachSystem (system: repository.${system}.formatter);

      overlays.default = nix.overlay;
      nixosModules.default = nix.nixosModule;
      templates.default = nix.template;
      hydraJobs = nix.hydraJobs;
    };
}
