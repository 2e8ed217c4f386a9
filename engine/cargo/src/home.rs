//! The folder that Cargo takes for its home in a build.
//!
//! Cargo always reads the configuration in its home. So it gets another home, with what a build
//! follows of the configuration, and with the user's registries, repositories and credentials in it
//! as links.

use std::env;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use fs_err::os::unix::fs::OpenOptionsExt as _;

use policy_host::signals::{self, TempPath};

/// The home of a Cargo that compiles in `cache`.
pub(super) fn home_in(cache: &Path) -> PathBuf {
    cache.join("cargo-home")
}

/// Folders of Cargo's home that are made where they are missing, as Cargo would.
const CACHES: [&str; 2] = ["git", "registry"];
/// Files that Cargo makes there; those who use it at the same time share them.
const SHARED: [&str; 3] = [".global-cache", ".package-cache", ".package-cache-mutate"];
/// Entries that may be missing.
const OPTIONAL: [&str; 2] = ["credentials", "credentials.toml"];

/// The configuration in such a home, for as long as this is kept: there may be tokens in it.
#[derive(Debug)]
pub(super) struct ConfigFile(TempPath);

impl ConfigFile {
    fn write(folder: &Path, text: &str) -> io::Result<Self> {
        let file = TempPath::new(&folder.join("config.toml"))?;
        let mut options = fs_err::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        options.open(file.path())?.write_all(text.as_bytes())?;
        Ok(Self(file))
    }
}

impl Drop for ConfigFile {
    fn drop(&mut self) {
        // Where the whole home went before, there is nothing left to remove.
        let _ = fs_err::remove_file(self.0.path());
    }
}

/// Lays it out, with this configuration; what is there already and stays the same is not touched.
pub(super) fn lay_out(folder: &Path, configuration: &str) -> io::Result<ConfigFile> {
    signals::critical_section(|| fs_err::create_dir_all(folder))?;
    let file = ConfigFile::write(folder, configuration)?;
    let Some(home) = cargo_home() else { return Ok(file) };
    // Where nothing can be written, Cargo makes do with what is there.
    let _ = fs_err::create_dir_all(&home);
    for name in CACHES {
        let cache = home.join(name);
        let _ = fs_err::create_dir(&cache);
        link(folder, &home, name, cache.is_dir())?;
    }
    for name in SHARED {
        link(folder, &home, name, home.is_dir())?;
    }
    for name in OPTIONAL {
        link(folder, &home, name, home.join(name).exists())?;
    }
    Ok(file)
}

/// Has a name in the folder lead to the same in Cargo's home, or nowhere if it is not wanted.
fn link(folder: &Path, home: &Path, name: &str, wanted: bool) -> io::Result<()> {
    let (link, target) = (folder.join(name), home.join(name));
    match fs_err::read_link(&link) {
        Ok(found) if wanted && found == target => return Ok(()),
        Ok(_) => fs_err::remove_file(&link)?,
        // Cargo made it there, when nothing could be made in its home.
        Err(_) if link.symlink_metadata().is_ok() => return Ok(()),
        Err(_) => {}
    }
    if !wanted {
        return Ok(());
    }
    match fs_err::os::unix::fs::symlink(target, link) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// The user's own Cargo home, which holds the sources of third-party crates.
pub fn cargo_home() -> Option<PathBuf> {
    let given = env::var_os("CARGO_HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    let home = given.or_else(|| Some(env::home_dir()?.join(".cargo")))?;
    std::path::absolute(home).ok()
}
