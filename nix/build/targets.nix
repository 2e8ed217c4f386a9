# Target triples, and what a build for one takes.
{ lib }:
let
  musl = cpu: "${cpu}-unknown-linux-musl";
  # Processors by their names in images.
  architectures = {
    x86_64 = "amd64";
    aarch64 = "arm64";
  };
  # The processor of a triple, or of a system such as `x86_64-linux`.
  cpuOf = name: lib.head (lib.splitString "-" name);
in
rec {
  amd64 = musl "x86_64";
  arm64 = musl "aarch64";
  # The targets of images: the toolchain brings their standard libraries.
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
    if lib.elem triple images then
      architectures.${cpuOf triple}
    else
      throw "policy-engine: mkPolicyEngine: target `${triple}` is none that images are built for: expected one of ${
        lib.concatMapStringsSep ", " (image: "`${image}`") images
      }";

  # The environment in which Cargo compiles for `target` on the machine `platform`.
  cargoEnvironment =
    { platform, target }:
    let
      isOwn = platform.isLinux && cpuOf platform.system == cpuOf target;
      variable = lib.toUpper (lib.replaceStrings [ "-" ] [ "_" ] target);
    in
    {
      CARGO_BUILD_TARGET = target;
    }
    # This machine's linker makes no programs for a foreign processor or system. The toolchain's own
    # does: all of the program is Rust, and musl comes with the toolchain.
    // lib.optionalAttrs (lib.elem target images && !isOwn) {
      "CARGO_TARGET_${variable}_LINKER" = "rust-lld";
    };
}
