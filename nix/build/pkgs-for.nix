# nixpkgs for a system.
{ inputs }: system: inputs.nixpkgs.legacyPackages.${system}
