//! The commands that the documents show, run in the words that stand there.

/// The image that builds images.
mod builder_image;
/// What runs each of them, or why nothing does.
mod listed;
/// `nix build` and `nix run`.
mod nix;
/// A folder of one's own.
mod own_folder;
/// Images for several platforms, and images on their way to a registry.
mod registry;
/// This repository's policies, by Cargo: built, asked, served, looked into.
mod repository;
