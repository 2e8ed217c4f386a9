{
  description = "Stand-in for nixpkgs: the few names that policy-engine's flake uses, from Debian's tools";

  outputs =
    { self }:
    let
      lib = import ./lib;
    in
    {
      inherit lib;
      legacyPackages = lib.genAttrs lib.platforms.supported (system: import self { inherit system; });
    };
}
