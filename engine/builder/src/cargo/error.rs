use std::io;

use super::ConfigurationError;

/// An error of running Cargo or the compiler.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CargoError {
    #[error(
        "failed to start `{program}`: {error}\nhelp: install Rust from rustup.rs, or have \
         `{program}` on the PATH"
    )]
    NoToolchain { program: String, error: io::Error },
    #[error(
        "the Rust toolchain that {named} asks for does not start: {reason}\nhelp: install it \
         (`rustup toolchain install`), or name another one there"
    )]
    Toolchain { reason: String, named: String },
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    #[error("this compiler does not know the target `{target}`: {reason}")]
    UnknownTarget { target: String, reason: String },
    #[error(
        "target `{0}` is not Linux\nhelp: name a Linux target, such as `x86_64-unknown-linux-musl`"
    )]
    NotLinux(String),
    #[error(
        "the standard library for `{target}` is not installed\nhelp: run `rustup target add \
         {target}`"
    )]
    NoStandardLibrary { target: String },
    #[error(
        "no linker for `{target}`: this toolchain lacks `rust-lld`, which those of rustup.rs \
         have\nhelp: have it on the PATH, or name another linker, such as `ld.lld` of LLVM, in \
         `{variable}`"
    )]
    NoLinker { target: String, variable: String },
    #[error("failed to vendor the dependencies: {0}")]
    Vendor(String),
    #[error("failed to resolve the dependencies: {0}")]
    Resolve(String),
    #[error("failed to run `cargo metadata`: {0}")]
    Metadata(String),
    #[error(
        "failed to read a message of the compiler: {0}\nhelp: write out code that macros nest this \
         deeply"
    )]
    Message(serde_json::Error),
    #[error("failed to compile the program: {0}")]
    Io(#[from] io::Error),
}
