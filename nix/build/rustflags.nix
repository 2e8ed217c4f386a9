# The compiler's flags for a target, as shell code that exports them. The paths that get into a program
# are the same as with `policy-builder` (engine/cargo/src/rustflags.rs), and so is the program.
{ lib, targets }:
target:
let
  # crane's name for the folder of the crates of crates.io, and that of Cargo itself.
  cratesIo = {
    vendored = builtins.hashString "sha256" "registry+https://github.com/rust-lang/crates.io-index";
    cargos = "index.crates.io-1949cf8c6b5b557f";
  };
  # The last that fits counts.
  remapped = [
    "$(rustc --print sysroot)/lib/rustlib/src/rust=/rustc"
    "$NIX_BUILD_TOP/vendor=/vendor"
    "$NIX_BUILD_TOP/vendor/${cratesIo.vendored}=/cargo/registry/src/${cratesIo.cargos}"
    "$PWD=/workspace"
    "$PWD/target=/build"
  ];
  flags =
    lib.optionals (lib.elem target targets.images) [
      "-C"
      "target-feature=+crt-static"
    ]
    ++ map (paths: "--remap-path-prefix=${paths}") remapped;
in
''
  export CARGO_BUILD_RUSTFLAGS="${toString flags}"
''
