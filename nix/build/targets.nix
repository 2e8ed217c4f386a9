# What programs are compiled for: a target triple, and what follows from it.
{ lib }:
let
  musl = cpu: "${cpu}-unknown-linux-musl";
  # As images name processors.
  architectures = {
    x86_64 = "amd64";
    aarch64 = "arm64";
  };
  # Of a triple, or of a system such as `x86_64-linux`.
  cpuOf = name: lib.head (lib.splitString "-" name);
in
rec {
  amd64 = musl "x86_64";
  arm64 = musl "aarch64";
  # Those whose standard library the toolchain brings.
  images = [
    amd64
    arm64
  ];

  # The target of images for a machine of this kind, and of programs that start on it.
  imageOn = platform: musl (cpuOf platform.system);
  programOn =
    platform: if platform.isDarwin then "${cpuOf platform.system}-apple-darwin" else imageOn platform;

  # Throws for a target that no image can hold.
  architectureOf =
    triple:
    if builtins.elem triple images then
      architectures.${cpuOf triple}
    else
      throw "policy-engine: mkPolicyEngine: target `${triple}` is none that images are built for: expected one of ${
        lib.concatMapStringsSep ", " (it: "`${it}`") images
      }";

  # What Cargo is told by its environment to compile for `target` on the machine `platform`.
  cargoEnvironment =
    {
      cargoVendorDir,
      platform,
      target,
    }:
    let
      isOwn = platform.isLinux && cpuOf platform.system == cpuOf target;
      variable = lib.toUpper (builtins.replaceStrings [ "-" ] [ "_" ] target);
    in
    {
      CARGO_BUILD_TARGET = target;
      # Where the sources of other crates lie is nothing that the program should know.
      CARGO_BUILD_RUSTFLAGS =
        lib.optionalString (builtins.elem target images) "-C target-feature=+crt-static "
        + "--remap-path-prefix=${cargoVendorDir}=/vendor";
    }
    # All of it is Rust, and musl comes with the toolchain: for a foreign processor or system the
    # linker that comes with it as well is enough.
    // lib.optionalAttrs (builtins.elem target images && !isOwn) {
      "CARGO_TARGET_${variable}_LINKER" = "rust-lld";
    };
}
