# What `crane.mkLib pkgs` gives.
{
  pkgs,
  # One package with all of Rust's programs, or null for those of `pkgs`.
  toolchain ? null,
  # The addresses that crates are downloaded from, by their registries as locks name them.
  crateRegistries ? registryFromDownloadUrl {
    dl = "https://static.crates.io/crates";
    indexUrl = "https://github.com/rust-lang/crates.io-index";
  },
  registryFromDownloadUrl ? import ./registryFromDownloadUrl.nix { inherit (pkgs) lib; },
}:
let
  inherit (pkgs) lib;

  rustPrograms =
    if toolchain != null then
      [ toolchain ]
    else
      [
        pkgs.cargo
        pkgs.rustc
        pkgs.clippy
      ];

  mkCargoDerivation = import ./mkCargoDerivation.nix {
    inherit
      crateNameFromCargoToml
      pkgs
      rustPrograms
      vendorCargoDeps
      ;
  };
  crateNameFromCargoToml = import ./crateNameFromCargoToml.nix { inherit lib; };
  vendorMultipleCargoDeps = import ./vendorMultipleCargoDeps.nix {
    inherit
      crateRegistries
      lib
      pkgs
      vendorGitDeps
      ;
  };
  vendorGitDeps = import ./vendorGitDeps.nix { inherit lib pkgs; };
  vendorCargoDeps = import ./vendorCargoDeps.nix { inherit vendorMultipleCargoDeps; };
  mkDummySrc = import ./mkDummySrc.nix { inherit lib pkgs; };
  cleanCargoSource = import ./cleanCargoSource.nix { inherit lib; };
  buildDepsOnly = import ./buildDepsOnly.nix {
    inherit
      crateNameFromCargoToml
      mkCargoDerivation
      mkDummySrc
      vendorCargoDeps
      ;
  };
  buildPackage = import ./buildPackage.nix { inherit buildDepsOnly mkCargoDerivation; };
  cargoCommands = import ./cargoCommands.nix { inherit mkCargoDerivation pkgs toolchain; };
in
cargoCommands
// {
  inherit
    buildDepsOnly
    buildPackage
    cleanCargoSource
    crateNameFromCargoToml
    mkCargoDerivation
    mkDummySrc
    registryFromDownloadUrl
    vendorCargoDeps
    vendorMultipleCargoDeps
    ;
  inherit (cleanCargoSource) filterCargoSources;

  appendCrateRegistries =
    more:
    import ./. {
      inherit pkgs toolchain;
      crateRegistries = lib.foldl (all: registry: all // registry) crateRegistries more;
    };

  overrideToolchain =
    toolchain:
    import ./. {
      inherit crateRegistries pkgs;
      toolchain = if lib.isFunction toolchain then toolchain pkgs else toolchain;
    };

  devShell =
    {
      checks ? { },
      inputsFrom ? [ ],
      packages ? [ ],
      ...
    }@args:
    pkgs.mkShell (
      removeAttrs args [ "checks" ]
      // {
        inputsFrom = lib.attrValues checks ++ inputsFrom;
        packages = rustPrograms ++ packages;
      }
    );
}
