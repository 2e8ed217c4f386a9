use std::io;
use std::path::PathBuf;

use policy_cargo::CargoError;
use policy_oci::ImageError;

use crate::steps::discover::DiscoverError;
use crate::steps::engine::EngineError;
use crate::steps::resolve::ResolveError;
use crate::steps::resolve::policies_lock::LockedError;
use crate::steps::workspace::GenerateError;

/// An error of making a builder image.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BuilderImageError {
    #[error(
        "the toolchain in `{}` has no `{program}`\nhelp: install it there, or choose another \
         toolchain",
        sysroot.display()
    )]
    NoTool { sysroot: PathBuf, program: &'static str },
    #[error(
        "the toolchain in `{}` has no Clippy, which the image vets policies with\nhelp: run \
         `rustup component add clippy`",
        sysroot.display()
    )]
    NoClippy { sysroot: PathBuf },
    #[error(
        "there is no C linker `{0}` on the PATH, which Rust links build scripts and procedural \
         macros with\nhelp: install one, such as Debian's `gcc` and `libc6-dev`"
    )]
    NoLinker(&'static str),
    #[error(
        "`{}` is no ELF program but needs another to run it\nhelp: install the linker itself, such \
         as Debian's `gcc`",
        .0.display()
    )]
    NotElf(PathBuf),
    #[error(
        "failed to link a program for `{target}` to see what the linker reads: {words}\nhelp: have \
         GNU `ld` behind `cc`, as Debian's `gcc` and `binutils` install it"
    )]
    Link { target: String, words: String },
    #[error("failed to ask `{}` for the libraries of `{}`: {words}", loader.display(), program.display())]
    Loader { loader: PathBuf, program: PathBuf, words: String },
    #[error(
        "the compiler `{}` is no ELF program with a dynamic loader\nhelp: make builder images on \
         Linux, with such a compiler", .0.display()
    )]
    OtherCompiler(PathBuf),
    #[error(
        "failed to vendor the sources: expected Cargo to print how to use them, found `{found}`"
    )]
    Vendor { found: String },
    #[error(
        "`{}` names crate `{name}` {source_in_words}, which a builder image cannot hold: it takes \
         policies of crates.io and of folders\nhelp: copy the crate into the policies folder, or \
         build without a builder image",
        file.display()
    )]
    RemotePolicy { file: PathBuf, name: String, source_in_words: String },
    #[error(transparent)]
    Locked(#[from] LockedError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Discover(#[from] DiscoverError),
    #[error(transparent)]
    Generate(#[from] GenerateError),
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    #[error(transparent)]
    Compile(#[from] CargoError),
    #[error(transparent)]
    Store(#[from] ImageError),
    #[error("failed to assemble the builder image: {0}")]
    Document(#[from] oci_spec::OciSpecError),
    #[error("failed to collect the files of the builder image: {0}")]
    Files(#[from] io::Error),
}
