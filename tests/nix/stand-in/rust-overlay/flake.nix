{
  description = "Stand-in for oxalica/rust-overlay: its names, with Debian's Rust toolchain behind them";

  # As the real one has it; whoever uses this one has its own followed.
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixpkgs-unstable";

  outputs =
    { self, ... }:
    {
      lib.mkRustBin = { }: pkgs: (import self pkgs pkgs).rust-bin;
      overlays = {
        default = import self;
        rust-overlay = import self;
      };
    };
}
