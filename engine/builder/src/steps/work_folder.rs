use std::env;
use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::steps::engine::Engine;
use policy_host::progress::Progress;
use policy_host::signals;

/// The interval of checks whether the folder is free.
const STEP: Duration = Duration::from_millis(100);

/// The folder that a build works in, for one build at a time.
pub(crate) struct WorkFolder {
    pub(crate) path: PathBuf,
    /// The lock that goes with it; the system lets go of it whatever ends this process.
    _lock: File,
}

impl WorkFolder {
    /// The folder that the user names, or one in Cargo's target folder, or beside the engine's
    /// unpacked sources: all policies folders share what is compiled of the engine.
    pub(crate) fn choose(given: Option<&Path>, engine: &Engine) -> PathBuf {
        Self::choose_by(given, env::var_os("CARGO_TARGET_DIR"), engine)
    }

    fn choose_by(given: Option<&Path>, target: Option<OsString>, engine: &Engine) -> PathBuf {
        match (given, target) {
            (Some(given), _) => given.to_owned(),
            (None, Some(target)) if !target.is_empty() => Path::new(&target).join("policy-builder"),
            _ if engine.is_embedded => engine.root.with_file_name("work"),
            _ => engine.root.join("target/policy-builder"),
        }
    }

    /// Makes the folder, and waits until no other build works in it.
    pub(crate) fn take(path: &Path, progress: &Progress) -> Result<Self, WorkFolderError> {
        let in_folder = |error| WorkFolderError { path: path.to_owned(), error };
        fs_err::create_dir_all(path).map_err(in_folder)?;
        let path = fs_err::canonicalize(path).map_err(in_folder)?;
        let in_folder = |error| WorkFolderError { path: path.clone(), error };
        let lock = File::create(path.join("lock")).map_err(in_folder)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                progress.line(&format!("note: waiting for another build in `{}`", path.display()));
                wait_for(&lock).map_err(in_folder)?;
            }
            Err(TryLockError::Error(error)) => return Err(in_folder(error)),
        }
        Ok(Self { path, _lock: lock })
    }
}

/// Waits for a lock until there is nothing more to wait for: what is told to end by itself could
/// not otherwise.
fn wait_for(lock: &File) -> io::Result<()> {
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if signals::is_shutting_down() => {
                let words = "another build works there, and this one was told to end";
                return Err(io::Error::new(ErrorKind::Interrupted, words));
            }
            Err(TryLockError::WouldBlock) => thread::sleep(STEP),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// An error about the work folder.
#[derive(Debug, thiserror::Error)]
#[error("failed to work in the folder `{}`: {error}\nhelp: name another with `--work-dir`", path.display())]
pub(crate) struct WorkFolderError {
    path: PathBuf,
    error: io::Error,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embedded_engine_is_compiled_in_the_cache_once_for_all_folders() {
        let checkout = Engine::locate(Some(Path::new("../.."))).unwrap();
        let choose = |given: Option<&str>, target: Option<&str>, engine: &Engine| {
            WorkFolder::choose_by(given.map(Path::new), target.map(OsString::from), engine)
        };
        assert_eq!(choose(None, None, &checkout), checkout.root.join("target/policy-builder"));
        let embedded = Engine { root: "/cache/engine-1".into(), is_embedded: true, ..checkout };
        assert_eq!(choose(None, None, &embedded), Path::new("/cache/work"));
        assert_eq!(choose(None, Some(""), &embedded), Path::new("/cache/work"));
        assert_eq!(choose(None, Some("/t"), &embedded), Path::new("/t/policy-builder"));
        assert_eq!(choose(Some("/w"), Some("/t"), &embedded), Path::new("/w"));
    }
}
