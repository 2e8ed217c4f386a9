# crane, and the toolchain that it compiles with, for the machine that builds.
{ inputs, lib }:
{
  pkgs,
  # pkgs -> a toolchain, or a toolchain.
  rustToolchain,
}:
let
  # An overlay of the user's comes first.
  rust-bin = pkgs.rust-bin or (inputs.rust-overlay.lib.mkRustBin { } pkgs);
  toolchain =
    if lib.isFunction rustToolchain then
      rustToolchain (pkgs // { inherit rust-bin; })
    else
      rustToolchain;
in
{
  inherit toolchain;
  craneLib = (inputs.crane.mkLib pkgs).overrideToolchain toolchain;
}
