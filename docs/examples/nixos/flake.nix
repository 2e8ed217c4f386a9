{
  description = "A NixOS machine that serves policies";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
    policy-engine.url = "github:policy-engine/policy-engine";
  };

  outputs =
    { nixpkgs, policy-engine, ... }:
    {
      nixosConfigurations.policies = nixpkgs.lib.nixosSystem {
        system = "x86_64-linux";
        modules = [
          policy-engine.nixosModules.default
          ./configuration.nix
        ];
      };
    };
}
