use std::io;
use std::path::PathBuf;

use policy_cargo::{CargoError, ElfError};

use crate::steps::discover::Role;

/// An error of compiling the program.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CompileError {
    #[error(transparent)]
    Cargo(#[from] CargoError),
    #[error(transparent)]
    Elf(#[from] ElfError),
    #[error(
        "{role} crate `{name}` (`{}`) does not compile: see the compiler's messages above",
        path.display()
    )]
    Crate { role: Role, name: String, path: PathBuf },
    #[error(
        "no space left to compile in\nhelp: free some, or name a work folder elsewhere with \
         `--work-dir`"
    )]
    DiskFull,
    #[error(
        "policy crate `{name}` registers nothing for policy-api {stamp}\nhelp: write \
         `policy_api::register!(YourPolicy);` at the root of `{}`, once, and have the crate depend \
         on `policy-api` itself; a crate that is to register nothing says so by `role = \
         \"support\"` in its `[package.metadata.policy-engine]`",
        library.display()
    )]
    NotRegistered { name: String, library: PathBuf, stamp: String },
    #[error(
        "crate `{0}`, which the policies depend on, does not compile: see the compiler's messages \
         above"
    )]
    Dependency(String),
    #[error(
        "Clippy, which vets policies, is not installed\nhelp: run `rustup component add clippy`, \
         or build without vetting with `--no-vet`"
    )]
    NoClippy,
    #[error(
        "crate `{0}` brings an allocator for the whole program (`#[global_allocator]`), which has \
         one already\nhelp: leave the allocator to the engine"
    )]
    Allocator(String),
    #[error(
        "the program does not link: see the messages of compiler and linker above\nhelp: Cargo's \
         configuration can name another linker for the target"
    )]
    Link,
    #[error("cargo ended with {status}: {words}")]
    Failed { status: String, words: String },
    #[error(
        "the program holds the path `{}` of this machine, so the same sources would give other \
         bytes elsewhere: a policy or a crate it depends on uses `env!(\"CARGO_MANIFEST_DIR\")` or \
         `env!(\"OUT_DIR\")` as text\nhelp: have it use `include_str!` or `include_bytes!` instead",
        .0.display()
    )]
    PathInside(PathBuf),
    #[error("failed to compile the program: {0}")]
    Io(#[from] io::Error),
}
