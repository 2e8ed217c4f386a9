# `import nixpkgs { system = …; overlays = [ … ]; }`, as with the real one.
{
  system ? builtins.currentSystem,
  overlays ? [ ],
  # Accepted since callers may give it; there is nothing here to configure.
  config ? { },
}:
let
  lib = import ./lib;
  packages = final: import ./top-level.nix { inherit lib system final; };
  instantiate =
    overlays:
    lib.fix (
      lib.extends (lib.composeManyExtensions overlays) (
        final:
        packages final
        // {
          inherit config overlays;
          appendOverlays = more: instantiate (overlays ++ more);
          extend = overlay: instantiate (overlays ++ [ overlay ]);
        }
      )
    );
in
instantiate overlays
