# The repository's own checks, formatter, shell and book, which no user's flake has.
{
  engine,
  inputs,
  lib,
  newScope,
  pkgsFor,
  rust,
  rustToolchain,
}:
system:
let
  pkgs = pkgsFor system;
  sourceOf =
    parts:
    lib.fileset.toSource {
      inherit (engine) root;
      fileset = lib.fileset.unions parts;
    };
  callCheck = file: newScope { inherit pkgs; } file { };
  inherit (rust { inherit pkgs rustToolchain; }) craneLib;
  commonArgs = {
    pname = "policy-engine-workspace";
    inherit (engine) version;
    src = sourceOf [
      ../../.cargo
      ../../Cargo.lock
      ../../Cargo.toml
      ../../README.md
      ../../clippy.toml
      ../../docs/src
      ../../engine
      ../../policies
      ../../rustfmt.toml
      ../../tests
    ];
    cargoVendorDir = craneLib.vendorMultipleCargoDeps { cargoLockParsedList = [ engine.lock ]; };
    strictDeps = true;
    CARGO_PROFILE = "dev";
  };
  compiledArgs = commonArgs // {
    doInstallCargoArtifacts = false;
    cargoArtifacts = craneLib.buildDepsOnly (
      commonArgs // { cargoExtraArgs = "--locked --workspace"; }
    );
  };
  isNix = lib.fileset.fileFilter (file: file.hasExt "nix");
  nixFiles = sourceOf [
    ../../flake.nix
    (isNix ../../nix)
    (isNix ../../tests/nix)
  ];
in
{
  formatter = pkgs.nixfmt-tree;

  # `nix build .#docs`: the book, as HTML.
  docs =
    pkgs.runCommand "policy-engine-docs"
      {
        nativeBuildInputs = [ pkgs.mdbook ];
        # Pages include files of other folders.
        src = sourceOf [
          ../../docs
          ../../engine
          ../../policies
          ../../tests/benchmarks/README.md
          ../template
        ];
        meta.description = "The book on policies, the builder and the engine, as HTML";
      }
      ''
        mdbook build "$src/docs" --dest-dir "$out" 2>&1 | tee said
        # A file that a page includes and that is not there is only warned of.
        ! grep --extended-regexp 'WARN|ERROR' said
      '';

  devShell = craneLib.devShell {
    packages = [
      pkgs.nixfmt
      pkgs.skopeo
    ];
  };

  checks = {
    format = craneLib.cargoFmt commonArgs;
    format-nix = pkgs.runCommand "check-format-nix" { nativeBuildInputs = [ pkgs.nixfmt ]; } ''
      find ${nixFiles} -name '*.nix' -print0 | xargs -0 nixfmt --check
      touch "$out"
    '';
    clippy = craneLib.cargoClippy (
      compiledArgs // { cargoClippyExtraArgs = "--workspace --all-targets -- --deny warnings"; }
    );
    # The tests of policy-tests drive Cargo, Docker and Nix, which a sandbox lacks.
    tests = craneLib.cargoTest (
      compiledArgs // { cargoExtraArgs = "--locked --workspace --exclude policy-tests"; }
    );
    functions = callCheck ../checks/functions.nix;
    cached = callCheck ../checks/cached.nix;
  };
}
