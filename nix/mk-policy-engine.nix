# Builds everything that one folder of policies gives, for a flake of yours:
#
#   policy-engine.lib.mkPolicyEngine { inherit system; policies = ./policies; }
#
# is the program's derivation. The rest is in its attributes: `packages`, `apps`, `checks` and
# `devShells` as a flake's outputs for one system want them, and each package by its own name, such
# as `image`.
{
  discover,
  engine,
  inputs,
  lib,
  locks,
  newScope,
  pkgsFor,
  rust,
  rustToolchain,
  targets,
}@defaults:
{
  # Either of the two: `pkgs` needs no overlay, but may have rust-overlay's.
  system ? throw "policy-engine: mkPolicyEngine: neither `system` nor `pkgs` is given: expected one of them, such as `system = \"x86_64-linux\"`",
  pkgs ? pkgsFor system,
  # The folder of policy crates.
  policies,
  # The image's repository and tag.
  name ? "policy-engine",
  tag ? "latest",
  # The triple of the program and of `image` [a static program for a machine like this one].
  target ? null,
  # pkgs -> a Rust toolchain with the standard libraries of the targets, as crane's
  # `overrideToolchain` takes it.
  rustToolchain ? defaults.rustToolchain,
  # The commit of the policies, for the program to report and for the image's label.
  revision ? null,
  # Optional parts of the engine: "otlp" adds one, "-console" leaves one out that is there by default.
  features ? [ ],
  # The compression of the layers of `oci` and `oci-index`: "gzip" or "zstd". What dockerTools makes, for
  # `docker load`, has gzip.
  compression ? "gzip",
  # Registries beside crates.io, by their names in Cargo's configuration: the `index` as there, `dl`
  # from the registry's own `config.json`, and `fetchurlExtraArgs`, such as credentials, for fetchurl.
  registries ? { },
  # More arguments for crane's `vendorMultipleCargoDeps`, such as `outputHashes`, which has Git
  # repositories fetched in a build, and `overrideVendorCargoPackage`.
  vendorArgs ? { },
  # Whether images are made of vetted policies only.
  vet ? true,
  # A checkout of RustSec's advisory-db, by which they are vetted as well.
  advisoryDb ? null,
  # Added to the image's configuration, by the names of the OCI image specification.
  extraImageConfig ? { },
  # Derivations whose files the image holds as well.
  extraContents ? [ ],
}:
let
  # Where programs are to start: images hold programs for the same processor.
  platform = pkgs.stdenv.hostPlatform;
  hereTarget = targets.programOn pkgs.pkgsBuildBuild.stdenv.hostPlatform;
  given = lib.seq (targets.architectureOf target) target;
  imageTarget = if target == null then targets.imageOn platform else given;
  programTarget = if target == null then targets.programOn platform else given;

  # callPackage adds functions to the set that a file gives. A derivation's arguments and a flake's
  # outputs may not have them.
  plainCall =
    callPackage: file: arguments:
    removeAttrs (callPackage file arguments) [
      "override"
      "overrideDerivation"
    ];

  scope = lib.makeScope newScope (
    self:
    let
      inherit (self) callPackage;
    in
    {
      inherit
        advisoryDb
        compression
        extraContents
        extraImageConfig
        features
        policies
        registries
        revision
        vendorArgs
        ;
      vetImages = vet;
      inherit (import ./image/name.nix { inherit name tag; }) name tag;

      # Everything is made on the machine that builds, and by its own programs.
      pkgs = pkgs.pkgsBuildBuild;
      inherit
        (rust {
          inherit (self) pkgs;
          inherit rustToolchain;
        })
        craneLib
        toolchain
        ;

      discovered = discover policies;
      vendor = callPackage ./build/vendor.nix { };
      engineVendorDir = self.craneLib.vendorMultipleCargoDeps {
        cargoLockParsedList = [ engine.lock ];
      };
      cargoVendorDir = self.vendor (locks {
        inherit (self) discovered;
        inherit (engine) crates;
        engineLock = engine.root + "/Cargo.lock";
        indexes = lib.mapAttrsToList (_: registry: registry.index) registries;
      });
      commonArgs = plainCall callPackage ./build/common-args.nix { };

      mkBuilder = callPackage ./build/builder.nix { };
      builder = self.mkBuilder { };
      policiesSource = callPackage ./build/policies-source.nix { };
      base = callPackage ./image/base.nix { };
      mkRegistration = callPackage ./build/registration.nix { };
      mkVet = callPackage ./build/vet.nix { };
      cratesIo = import ./build/crates-io.nix;
      mkRustflags = callPackage ./build/rustflags.nix { };
      mkProgram = callPackage ./build/program.nix { };
      programOptions = callPackage ./image/program-options.nix { };
      mkArchive = callPackage ./image/archive.nix { };
      mkDocuments = callPackage ./image/documents.nix { };
      mkOci = callPackage ./image/oci.nix { };
      mkOciIndex = callPackage ./image/oci-index.nix { };
      mkBuild = callPackage ./build { };

      native = self.mkBuild programTarget;
      linux = self.mkBuild imageTarget;
      amd64 = self.mkBuild targets.amd64;
      arm64 = self.mkBuild targets.arm64;
      # What starts on the machine that builds.
      inherit hereTarget;
      here = self.mkBuild hereTarget;
      startsHere = imageTarget == hereTarget;
    }
  );

  packages = {
    default = program;
    engine-artifacts = scope.linux.engineArtifacts;
    inherit (scope.linux)
      documents
      image
      image-stream
      oci
      registration
      ;
    image-amd64 = scope.amd64.image;
    image-arm64 = scope.arm64.image;
    oci-index = scope.mkOciIndex [
      scope.amd64
      scope.arm64
    ];
    inherit (scope) builder;
    policy-builder = scope.mkBuilder { target = targets.programOn platform; };
  }
  # Of the files of the machine that builds.
  // lib.optionalAttrs (scope.pkgs.stdenv.hostPlatform.isLinux) {
    builder-image = scope.callPackage ./image/builder-image.nix { };
  };
  # `overrideAttrs` keeps what is passed through.
  program = scope.native.program.overrideAttrs (previous: {
    passthru =
      previous.passthru
      # Not the builder: each derivation has an attribute of that name already.
      // removeAttrs packages [ "builder" ]
      // {
        inherit packages;
        tests.same-image = scope.newScope scope.linux ./checks/same-image.nix { };
        apps = plainCall scope.callPackage ./outputs/apps.nix { inherit packages; };
        checks = plainCall scope.callPackage ./checks { };
        # Under both names: a flake may have a shell of its own as `default`.
        devShells = lib.genAttrs [ "default" "policies" ] (
          _: scope.callPackage ./outputs/dev-shell.nix { }
        );
      };
  });
in
program
