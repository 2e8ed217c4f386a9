# The Rust toolchain of a nixpkgs with rust-overlay's `rust-bin`: what a build and vetting need, with
# the standard libraries of the images' targets.
{ targets }:
pkgs:
pkgs.rust-bin.stable.latest.minimal.override {
  extensions = [
    "clippy"
    "rustfmt"
  ];
  targets = targets.images;
}
