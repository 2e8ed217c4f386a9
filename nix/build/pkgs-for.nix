# nixpkgs for a system, with rust-overlay's toolchains.
{ inputs }:
system:
import inputs.nixpkgs {
  inherit system;
  overlays = [ inputs.rust-overlay.overlays.default ];
}
