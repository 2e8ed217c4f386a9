# The three systems, and what is asked of `stdenv.hostPlatform`.
{ lists, strings }:
let
  supported = [
    "aarch64-darwin"
    "aarch64-linux"
    "x86_64-linux"
  ];
  ending = kernel: builtins.filter (strings.hasSuffix "-${kernel}") supported;

  elaborate =
    system:
    let
      parts = strings.splitString "-" system;
      cpu = builtins.head parts;
      kernel = lists.last parts;
      isLinux = kernel == "linux";
      isDarwin = kernel == "darwin";
      isx86_64 = cpu == "x86_64";
      rustcTarget = "${cpu}-${if isLinux then "unknown-linux-gnu" else "apple-darwin"}";
    in
    assert
      builtins.elem system supported
      || throw "stand-in for nixpkgs: the system is `${system}`; expected one of ${toString supported}";
    {
      inherit
        system
        isLinux
        isDarwin
        isx86_64
        ;
      isAarch64 = !isx86_64;
      isGnu = isLinux;
      isMusl = false;
      isMinGW = false;
      isStatic = false;
      isWindows = false;
      isUnix = true;
      is64bit = true;
      # As GNU names it, where an ARM Mac is an `arm64` one.
      config = if isDarwin && !isx86_64 then "arm64-apple-darwin" else rustcTarget;
      parsed = {
        cpu.name = cpu;
        kernel.name = kernel;
      };
      linuxArch = if isx86_64 then "x86_64" else "arm64";
      go = {
        GOARCH = if isx86_64 then "amd64" else "arm64";
        GOOS = kernel;
      };
      rust = {
        inherit rustcTarget;
        rustcTargetSpec = rustcTarget;
        cargoShortTarget = rustcTarget;
        cargoEnvVarTarget = strings.toUpper (builtins.replaceStrings [ "-" ] [ "_" ] rustcTarget);
      };
    };
in
{
  inherit elaborate;
  flakeExposed = supported;
  platforms = {
    inherit supported;
    all = supported;
    unix = supported;
    linux = ending "linux";
    darwin = ending "darwin";
    x86_64 = builtins.filter (strings.hasPrefix "x86_64-") supported;
    aarch64 = builtins.filter (strings.hasPrefix "aarch64-") supported;
  };
}
