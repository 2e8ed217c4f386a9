{
  description = "Every policy of a folder of Rust crates, in one static binary and one small image";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    crane.url = "github:ipetkov/crane/v0.23.4";
    rust-overlay = {
      url = "github:oxalica/rust-overlay";
      inputs.nixpkgs.follows = "nixpkgs";
    };
    # A placeholder, for which ./policies is built. Your own folder takes its place with
    # `--override-input policies path:$PWD/my-policies`.
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

      packages = nix.forEachSystem (
        system: engine.${system}.packages // { inherit (repository.${system}) docs; }
      );
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
      # Outside of the scope, which takes nixpkgs: a template needs no input to be fetched.
      templates.default = {
        description = "Policies of your own: a flake, one policy, its test, and a CI workflow";
        path = ./nix/template;
        welcomeText = ''
          # A folder of policies

          Nix sees what Git tracks: `git init && git add .` first. Then

          - `nix run . -- list` shows the policies,
          - `nix flake check` runs their tests,
          - `nix build .#image && docker load < result` makes the image.

          A policy is a folder in `policies`. More is in `README.md`.
        '';
      };
      inherit (nix) hydraJobs;
    };
}
