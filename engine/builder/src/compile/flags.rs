use std::env;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::{CompileError, Target, target};
use crate::generate::Workspace;

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
        (cargo_home(), "/cargo"),
        (Some(library), "/rustc"),
        (Some(cache.to_owned()), "/build"),
        (Some(workspace.root.clone()), "/workspace"),
    ];
    let mut flags = OsString::from("-Ctarget-feature=+crt-static");
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

/// Where Cargo keeps the sources of third-party crates.
fn cargo_home() -> Option<PathBuf> {
    let given = env::var_os("CARGO_HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    let home = given.or_else(|| Some(env::home_dir()?.join(".cargo")))?;
    absolute(&home).ok()
}

fn absolute(path: &Path) -> io::Result<PathBuf> {
    std::path::absolute(path)
}
