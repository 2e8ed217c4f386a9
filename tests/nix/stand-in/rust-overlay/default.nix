# `rust-bin.stable.<version>.<profile>`: whichever is asked for, it is Debian's one toolchain, whose
# targets and components are those installed in /usr.
final: _prev:
let
  inherit (final) lib;

  toolchain =
    profile:
    lib.makeOverridable (
      {
        # Taken, as the original's, and not looked at.
        targets ? [ ],
        extensions ? [ ],
      }:
      final.runCommand "rust-${profile}-debian" { meta.mainProgram = "rustc"; } ''
        mkdir -p $out/bin
        for program in cargo cargo-clippy cargo-fmt clippy-driver rustc rustdoc rustfmt; do
          if [ -x /usr/bin/$program ]; then ln -s /usr/bin/$program $out/bin/; fi
        done
      ''
    ) { };
  profiles = lib.genAttrs [ "complete" "default" "minimal" ] toolchain;

  # Any version from the first whose cargo reads the edition that this repository is written in.
  versions = lib.genAttrs (
    lib.concatMap (minor: map (patch: "1.${toString minor}.${toString patch}") (lib.range 0 2)) (
      lib.range 85 99
    )
  );
in
{
  rust-bin = {
    stable = versions (_: profiles) // {
      latest = profiles;
    };
    # The file's channel is not looked at either.
    fromRustupToolchainFile = _file: profiles.default;
  };
}
