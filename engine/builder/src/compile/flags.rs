use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{CompileError, Target, cargo, paths, target};
use crate::generate::Workspace;

/// Links statically. It is part of what `cfg(target_feature)` tells apart.
pub(super) const STATIC: &str = "-Ctarget-feature=+crt-static";

/// The compiler's flags: link statically, and let no path of this machine into the binary.
///
/// Cargo leaves these out of the names that it makes of metadata when they remap paths, so the
/// same sources give the same bytes wherever they are built.
pub(super) fn rustflags(
    workspace: &Workspace,
    cache: &Path,
    target: &Target,
) -> Result<OsString, CompileError> {
    let sysroot = PathBuf::from(target::print("sysroot", &["--target", &target.triple])?);
    let library = sysroot.join("lib/rustlib/src/rust");
    let remapped = [
        (paths::cargo_home(), "/cargo"),
        (Some(library), "/rustc"),
        (Some(cache.to_owned()), "/build"),
        // Behind the folder that it is in: the last that fits counts.
        (Some(cargo::home_in(cache)), "/cargo"),
        (Some(workspace.root.clone()), "/workspace"),
    ];
    let mut flags = OsString::from(STATIC);
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
