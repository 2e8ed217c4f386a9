use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::{env, iter};

use super::{CargoError, Target, home, rustc};

/// Links statically. It is part of what `cfg(target_feature)` tells apart.
pub(super) const STATIC: &str = "-Ctarget-feature=+crt-static";

/// Has `rust-lld` leave out the libraries that object files name themselves, as other linkers do: all
/// that a musl program takes is named by the compiler. Debian's unwinder names libraries that musl
/// does not have.
const NO_NAMED_LIBRARIES: &str = "-Clink-arg=--no-dependent-libraries";

/// The compiler's flags: link statically, and let no path of this machine into the binary.
///
/// Cargo leaves these out of the names that it makes of metadata when they remap paths, so the
/// same sources give the same bytes wherever they are built.
///
/// # Errors
/// When the compiler does not know the target.
pub fn rustflags(workspace: &Path, cache: &Path, target: &Target) -> Result<OsString, CargoError> {
    let sysroot = PathBuf::from(rustc::print("sysroot", &["--target", &target.triple])?);
    let library = sysroot.join("lib/rustlib/src/rust");
    let remapped = [
        (home::cargo_home(), "/cargo"),
        (Some(library), "/rustc"),
        (Some(cache.to_owned()), "/build"),
        // Behind the folder that it is in: the last that fits counts.
        (Some(home::home_in(cache)), "/cargo"),
        (Some(workspace.to_owned()), "/workspace"),
    ];
    let mut flags = OsString::from(STATIC);
    if target.linker.is_some() {
        flags.push("\x1f");
        flags.push(NO_NAMED_LIBRARIES);
    }
    for (from, to) in remapped {
        if let Some(from) = from {
            // Cargo's separator of encoded flags, which no path has to be quoted for.
            flags.push("\x1f--remap-path-prefix=");
            flags.push(from);
            flags.push("=");
            flags.push(to);
        }
    }
    Ok(flags)
}

/// The compiler's flags that link with LLVM's linker, where there is one. It takes a quarter of the
/// time of GNU's, and linking is most of the work after a small change.
///
/// # Errors
/// When the compiler does not start.
pub fn lld_rustflags() -> Result<OsString, CargoError> {
    static FLAGS: OnceLock<OsString> = OnceLock::new();
    if let Some(flags) = FLAGS.get() {
        return Ok(flags.clone());
    }
    let mut flags = OsString::new();
    if let Some(folder) = lld_folder()? {
        // Cargo's separator of encoded flags, which no path has to be quoted for.
        flags.push("-Clink-arg=-fuse-ld=lld\x1f-Clink-arg=-B");
        flags.push(folder);
    }
    Ok(FLAGS.get_or_init(|| flags).clone())
}

/// A folder with an `ld.lld`, the name by which C compilers look for it: the toolchain's own, or
/// that of an LLVM on the `PATH`, where it may have the version behind its name.
fn lld_folder() -> Result<Option<PathBuf>, CargoError> {
    let host = rustc::host()?;
    let sysroot = PathBuf::from(rustc::print("sysroot", &[])?);
    let own = sysroot.join("lib/rustlib").join(host).join("bin/gcc-ld");
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&path).flat_map(|folder| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut found: Vec<_> = entries
            .filter(|entry| entry.file_name().as_encoded_bytes().starts_with(b"ld.lld"))
            .filter_map(|entry| Some(entry.path().canonicalize().ok()?.parent()?.to_owned()))
            .collect();
        found.sort();
        found
    });
    Ok(iter::once(own).chain(on_path).find(|folder| folder.join("ld.lld").is_file()))
}
