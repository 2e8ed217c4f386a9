# Everything that is made of one folder of policies, for a flake of yours:
#
#   policy-engine.lib.mkPolicyEngine { inherit system; policies = ./policies; }
#
# gives the program as a derivation. What else is made is in its attributes: `packages`, `apps`,
# `checks` and `devShells` as a flake's outputs for one system want them, and each package by its own
# name, such as `image`.
{
  callWith,
  discover,
  engine,
  inputs,
  lib,
  locks,
  pkgsFor,
  rustToolchain,
  scope,
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
  # Where the policies come from, for the image's label.
  revision ? null,
  # Optional parts of the engine, such as "otlp".
  features ? [ ],
  # Added to the image's configuration, by the names of the OCI image specification.
  extraImageConfig ? { },
  # Derivations whose files the image holds as well.
  extraContents ? [ ],
}:
let
  platform = pkgs.stdenv.hostPlatform;
  given = builtins.seq (targets.architectureOf target) target;
  imageTarget = if target == null then targets.imageOn platform else given;
  programTarget = if target == null then targets.programOn platform else given;

  discovered = discover {
    path = policies;
    api = engine.apiVersion;
    engine = engine.root;
  };
  craneLib = (inputs.crane.mkLib pkgs).overrideToolchain rustToolchain;
  toolchain = if builtins.isFunction rustToolchain then rustToolchain pkgs else rustToolchain;
  cargoVendorDir = craneLib.vendorMultipleCargoDeps {
    cargoLockParsedList =
      (locks {
        inherit discovered;
        engineLock = engine.root + "/Cargo.lock";
      }).parsed;
  };

  on = scope // {
    inherit
      cargoVendorDir
      craneLib
      discovered
      extraContents
      extraImageConfig
      features
      packages
      pkgs
      revision
      toolchain
      ;
    inherit (import ./image/name.nix { inherit name tag; }) name tag;
    builder = call ./build/builder.nix;
    policiesSource = call ./build/policies-source.nix;
    base = call ./image/base.nix;
    mkRegistration = call ./build/registration.nix;
    mkProgram = call ./build/program.nix;
    mkArchive = call ./image/archive.nix;
    mkOci = call ./image/oci.nix;
    mkBuild = call ./build;
  };
  call = callWith on;

  native = on.mkBuild programTarget;
  linux = on.mkBuild imageTarget;
  amd64 = on.mkBuild targets.amd64;
  arm64 = on.mkBuild targets.arm64;

  packages = {
    default = native.program;
    inherit (linux)
      image
      image-stream
      oci
      registration
      ;
    image-amd64 = amd64.image;
    image-arm64 = arm64.image;
    oci-index = call ./image/oci-index.nix [
      amd64
      arm64
    ];
    inherit (on) builder;
  };
in
native.program
# Not the builder: each derivation has an attribute of that name already.
// builtins.removeAttrs packages [ "builder" ]
// {
  inherit packages;
  apps = call ./outputs/apps.nix;
  # Under both names: a flake may have a shell of its own as `default`.
  devShells = lib.genAttrs [ "default" "policies" ] (_: call ./outputs/dev-shell.nix);
  checks = callWith (
    on
    // {
      inherit linux;
      scope = on;
      startsHere = platform.isLinux && imageTarget == targets.imageOn platform;
    }
  ) ./checks;
}
