use std::ffi::OsString;
use std::path::{Path, PathBuf};

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
