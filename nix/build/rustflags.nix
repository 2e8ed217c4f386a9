# The compiler's flags for a target, and the linker, as shell code that exports them. The paths that
# get into a program are the same as with `policy-builder` (engine/cargo/src/rustflags.rs), and so is
# the program.
{
  cratesIo,
  lib,
  targets,
}:
target:
let
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
  linker = targets.linkerVariable target;
in
''
  export CARGO_BUILD_RUSTFLAGS="${toString flags}"
''
# The toolchain's own linker gives the same bytes whichever C compiler a machine has.
+ lib.optionalString (lib.elem target targets.images) ''
  if [ -x "$(rustc --print sysroot)/lib/rustlib/$(rustc --print host-tuple)/bin/rust-lld" ]; then
    export ${linker}=rust-lld
  fi
  if [ "''${${linker}-}" = rust-lld ]; then
    CARGO_BUILD_RUSTFLAGS+=" -C link-arg=--no-dependent-libraries"
  fi
''
