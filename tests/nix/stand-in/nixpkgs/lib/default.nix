# The names of nixpkgs' `lib` that policy-engine's flake uses, with their documented meaning.
# Like the original, every function is both at the top and in the set of its subject.
let
  trivial = import ./trivial.nix;
  lists = import ./lists.nix;
  attrsets = import ./attrsets.nix { inherit lists; };
  strings = import ./strings.nix { inherit lists; };
  fixedPoints = import ./fixed-points.nix;
  customisation = import ./customisation.nix { inherit fixedPoints trivial; };
  fileset = import ./fileset.nix { inherit lists sources strings; };
  meta = import ./meta.nix;
  options = import ./options.nix;
  sources = import ./sources.nix { inherit strings; };
  systems = import ./systems.nix { inherit lists strings; };
in
trivial
// lists
// attrsets
// strings
// fixedPoints
// customisation
// meta
// options
// sources
// {
  inherit
    trivial
    lists
    attrsets
    strings
    fixedPoints
    customisation
    fileset
    meta
    options
    sources
    systems
    ;
  inherit (systems) platforms;
}
