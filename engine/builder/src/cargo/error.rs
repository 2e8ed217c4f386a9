use std::io;

use super::ConfigurationError;

/// An error of running Cargo or the compiler.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CargoError {
    #[error(
        "cannot start `{program}`: {error}; Rust is needed to compile the policies: install it \
         from rustup.rs, or have `{program}` on the PATH"
    )]
    NoToolchain { program: String, error: io::Error },
    #[error(
        "the Rust toolchain that {named} asks for does not start: {reason}; install it \
         (`rustup toolchain install`), or have another one named there"
    )]
    Toolchain { reason: String, named: String },
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    #[error("target `{target}` is not one that this compiler knows: {reason}")]
    UnknownTarget { target: String, reason: String },
    #[error(
        "target `{0}` is not Linux: an image holds a Linux program, such as `x86_64-unknown-linux-musl`"
    )]
    NotLinux(String),
    #[error(
        "the standard library for `{target}` is not installed: `rustup target add {target}` \
         installs it"
    )]
    NoStandardLibrary { target: String },
    #[error(
        "nothing here links programs for `{target}`: this toolchain is without `rust-lld`, which \
         those of rustup.rs bring; have it on the PATH, or name another linker, such as `ld.lld` \
         of LLVM, in `{variable}`"
    )]
    NoLinker { target: String, variable: String },
    #[error("vendor the sources of what is compiled: {0}")]
    Vendor(String),
    #[error("resolve the dependencies of the policies: {0}")]
    Resolve(String),
    #[error("ask Cargo what the program is linked with: {0}")]
    Metadata(String),
    #[error(
        "a message of the compiler is not understood: {0}; code that macros nest so deeply cannot be \
         judged: write it out"
    )]
    Message(serde_json::Error),
    #[error("compile the program: {0}")]
    Io(#[from] io::Error),
}
