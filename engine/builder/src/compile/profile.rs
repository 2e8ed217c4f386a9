use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::{env, iter};

use super::{CompileError, target};

/// What the compiler takes its time for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// A program that is small, fast, static and the same everywhere.
    Release,
    /// A program that is soon there, to be run here.
    Quick,
}

impl Profile {
    /// The folder inside the work folder: what one of them keeps is of no use to the other.
    pub(crate) fn work_folder(self, work: &Path) -> PathBuf {
        match self {
            Self::Release => work.to_owned(),
            Self::Quick => work.join("watch"),
        }
    }
}

/// The compiler's flags for [`Profile::Quick`]: LLVM's linker, wherever there is one. It takes a
/// quarter of the time of GNU's, and to link is most of what there is to do after a change.
pub(super) fn quick_rustflags() -> Result<OsString, CompileError> {
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
fn lld_folder() -> Result<Option<PathBuf>, CompileError> {
    let host = target::host()?;
    let sysroot = PathBuf::from(target::print("sysroot", &[])?);
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
