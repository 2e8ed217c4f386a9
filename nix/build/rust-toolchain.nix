# The Rust toolchain, with the standard libraries of the images' targets, from a nixpkgs with or
# without rust-overlay's overlay.
{ inputs, targets }:
pkgs:
(pkgs.rust-bin or (pkgs.extend inputs.rust-overlay.overlays.default).rust-bin)
.stable.latest.default.override
  { targets = targets.images; }
