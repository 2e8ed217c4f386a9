use std::io;

use super::ConfigurationError;

/// An error of running Cargo or the compiler.
#[derive(Debug, thiserror::Error)]
pub enum CargoError {
    /// Cargo or the compiler does not start.
    #[error(
        "failed to start `{program}`: {error}\nhelp: install Rust from rustup.rs, or have \
         `{program}` on the PATH"
    )]
    NoToolchain {
        /// The program's name or path.
        program: String,
        /// The system's error.
        error: io::Error,
    },
    /// rustup finds no toolchain to run.
    #[error(
        "the Rust toolchain that {named} asks for does not start: {reason}\nhelp: install it \
         (`rustup toolchain install`), or name another one there"
    )]
    Toolchain {
        /// The error of rustup.
        reason: String,
        /// The file or variable that names the toolchain, in words.
        named: String,
    },
    /// The configuration cannot be used.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// The compiler has no such target.
    #[error("this compiler does not know the target `{target}`: {reason}")]
    UnknownTarget {
        /// The target triple.
        target: String,
        /// The compiler's error.
        reason: String,
    },
    /// The target is not Linux.
    #[error(
        "target `{0}` is not Linux\nhelp: name a Linux target, such as `x86_64-unknown-linux-musl`"
    )]
    NotLinux(String),
    /// The toolchain lacks the standard library of a target.
    #[error(
        "the standard library for `{target}` is not installed\nhelp: run `rustup target add {target}`"
    )]
    NoStandardLibrary {
        /// The target triple.
        target: String,
    },
    /// There is no linker for the target.
    #[error(
        "no linker for `{target}`: this toolchain lacks `rust-lld`, which those of rustup.rs \
         have\nhelp: have it on the PATH, or name another linker, such as `ld.lld` of LLVM, in \
         `{variable}`"
    )]
    NoLinker {
        /// The target triple.
        target: String,
        /// The variable that names the target's linker.
        variable: String,
    },
    /// `cargo vendor` failed.
    #[error("failed to vendor the dependencies: {0}")]
    Vendor(String),
    /// Cargo did not resolve the dependencies.
    #[error("failed to resolve the dependencies: {0}")]
    Resolve(String),
    /// `cargo tree` printed something unknown.
    #[error("failed to read what `cargo tree` prints: {0}")]
    Tree(String),
    /// `cargo metadata` failed.
    #[error("failed to run `cargo metadata`: {0}")]
    Metadata(String),
    /// Cargo printed a message that is no known JSON.
    #[error(
        "failed to read a message of the compiler: {0}\nhelp: write out code that macros nest this \
         deeply"
    )]
    Message(serde_json::Error),
    /// Cargo compiled a package that its workspace does not have.
    #[error(
        "Cargo compiled `{0}`, which is none of the workspace's packages\nhelp: give the messages \
         of the build of this workspace"
    )]
    UnknownPackage(String),
    /// The files that Cargo runs with cannot be read or written.
    #[error("failed to run Cargo: {0}")]
    Io(#[from] io::Error),
}
