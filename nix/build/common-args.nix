# The arguments that every Cargo build of the policies has, the program's as well as their tests'.
{ cargoVendorDir, engine }:
{
  inherit (engine) version;
  inherit cargoVendorDir;
  strictDeps = true;
  # Cargo strips programs itself, and this machine's tools may not know the target's format.
  dontStrip = true;
  dontPatchELF = true;
  # Cargo knows a crate by the path of its sources. The vendored ones are under one path, whichever
  # others a folder adds to them, so that what is compiled for one folder serves the next.
  postConfigure = ''
    ln -s "$cargoVendorDir" "$NIX_BUILD_TOP/vendor"
    sed -i "s|$cargoVendorDir|$NIX_BUILD_TOP/vendor|" "$CARGO_HOME/config.toml"
  '';
  # All files in the store are of one age, so Cargo would take a crate that was compiled from a stub
  # for the crate itself.
  preBuild = "find policies program -exec touch {} +";
}
