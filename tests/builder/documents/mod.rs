//! The documented commands, run word for word.

/// Blocks of JSON, TOML and YAML.
mod blocks;
/// The image that builds images.
mod builder_image;
/// The ways in which a command is tested.
mod coverage;
/// The list of documented commands and the tests that run them.
mod listed;
/// `nix build` and `nix run`.
mod nix;
/// A folder of one's own.
mod own_folder;
/// Pages that the programs write themselves.
mod reference;
/// Images for several platforms, and images on their way to a registry.
mod registry;
/// This repository's policies, by Cargo: built, evaluated, served, inspected.
mod repository;
/// The commands that one test runs.
mod script;
/// A container that serves.
mod serving;
/// The tutorials, each from its beginning to its end.
mod tutorials;
