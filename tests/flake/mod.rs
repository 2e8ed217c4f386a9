/// What a change has built again.
mod cached;
/// The same discovery as the builder's.
mod discovery;
/// What evaluation says when it cannot build.
mod errors;
/// `nix build .#image`, and what is made of it.
mod image;
/// What the flake offers, on every system.
mod outputs;
/// A policies repository made from the template.
mod template;
