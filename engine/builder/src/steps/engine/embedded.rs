//! The engine's sources in this program, unpacked to the user's cache for Cargo to read.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use sha2::{Digest as _, Sha256};

use crate::steps::cache::{self, NoCache};
use policy_host::signals::{self, ScratchDir};
use policy_host::tree::FileTree;

#[cfg(feature = "embedded-engine")]
const ARCHIVE: Option<&[u8]> = Some(include_bytes!(concat!(env!("OUT_DIR"), "/engine.tar.gz")));
#[cfg(not(feature = "embedded-engine"))]
const ARCHIVE: Option<&[u8]> = None;

/// The number of hexadecimal digits that tell apart the engines of one version.
const DIGITS: usize = 12;

/// The embedded sources.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Embedded {
    /// A gzip'd tar of the files below a checkout's root.
    pub(crate) archive: &'static [u8],
}

impl Embedded {
    /// Their version: that of this program.
    pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

    /// The sources, where this program was built with them.
    pub(crate) fn get() -> Option<Self> {
        ARCHIVE.map(|archive| Self { archive })
    }

    /// The SHA-256 of the archive, in hexadecimal.
    pub(crate) fn digest(self) -> String {
        hex::encode(Sha256::digest(self.archive))
    }

    /// Has the sources in a folder of the cache, and names it.
    ///
    /// What is there already is compared, and mended where it differs: changed sources would
    /// change what people run. Of several programs at once, one writes.
    pub(super) fn unpack(self) -> Result<PathBuf, UnpackError> {
        self.unpack_to(&cache::folder()?)
    }

    pub(crate) fn unpack_to(self, cache: &Path) -> Result<PathBuf, UnpackError> {
        let folder = self.folder_in(cache);
        let fail = |error| UnpackError::Write { folder: folder.clone(), error };
        let tree = self.tree().map_err(fail)?;
        if !tree.is_at(&folder) {
            write(&tree, cache, &folder).map_err(fail)?;
        }
        Ok(folder)
    }

    fn folder_in(self, cache: &Path) -> PathBuf {
        let digest: String = self.digest().chars().take(DIGITS).collect();
        cache.join(format!("engine-{}-{digest}", Self::VERSION))
    }

    fn tree(self) -> io::Result<FileTree> {
        let mut tree = FileTree::default();
        for entry in tar::Archive::new(GzDecoder::new(self.archive)).entries()? {
            let mut entry = entry?;
            let mut text = String::new();
            entry.read_to_string(&mut text)?;
            tree.add(entry.path()?, text);
        }
        Ok(tree)
    }
}

/// Writes the sources, unless another program does so first.
fn write(tree: &FileTree, cache: &Path, folder: &Path) -> io::Result<()> {
    fs_err::create_dir_all(cache)?;
    let lock = File::create(cache.join("engine.lock"))?;
    lock.lock()?;
    if tree.is_at(folder) {
        return Ok(());
    }
    if folder.symlink_metadata().is_ok() {
        return signals::critical_section(|| tree.write(folder));
    }
    let scratch = ScratchDir::new_in(cache)?;
    let whole = scratch.path().join("engine");
    tree.write(&whole)?;
    fs_err::rename(whole, folder)
}

/// A failure to unpack the embedded sources.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnpackError {
    #[error(
        "failed to unpack the engine's sources: {0}, or name a checkout of policy-engine with `--engine`"
    )]
    NoCache(#[from] NoCache),
    #[error(
        "failed to unpack the engine's sources to `{}`: {error}\nhelp: have `XDG_CACHE_HOME` name a \
         folder that can be written to, or name a checkout of policy-engine with `--engine`",
        folder.display()
    )]
    Write { folder: PathBuf, error: io::Error },
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::thread;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use tempfile::tempdir;

    use super::*;

    /// An archive of one file.
    fn embedded() -> Embedded {
        let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        let mut header = tar::Header::new_ustar();
        header.set_size(2);
        archive.append_data(&mut header, "engine/api/lib.rs", &b"//"[..]).unwrap();
        let archive = archive.into_inner().unwrap().finish().unwrap();
        Embedded { archive: archive.leak() }
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn changed_sources_are_mended() {
        let temporary = tempdir().unwrap();
        let cache = temporary.path().join("new/cache");
        let folder = embedded().unpack_to(&cache).unwrap();
        let name = folder.file_name().unwrap().to_str().unwrap();
        let digest = name.strip_prefix(concat!("engine-", env!("CARGO_PKG_VERSION"), "-")).unwrap();
        assert_eq!(digest.len(), 12);
        assert!(embedded().digest().starts_with(digest), "{digest}");
        let file = folder.join("engine/api/lib.rs");
        assert_eq!(fs::read(&file).unwrap(), b"//");
        fs::write(&file, "changed").unwrap();
        fs::write(folder.join("engine/api/build.rs"), "added").unwrap();
        embedded().unpack_to(&cache).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"//");
        assert_eq!(names(file.parent().unwrap()), ["lib.rs"]);
    }

    #[test]
    fn correct_sources_are_not_written_again() {
        let cache = tempdir().unwrap();
        let folder = embedded().unpack_to(cache.path()).unwrap();
        fs::remove_file(cache.path().join("engine.lock")).unwrap();
        embedded().unpack_to(cache.path()).unwrap();
        assert_eq!(names(cache.path()), [folder.file_name().unwrap().to_str().unwrap()]);
    }

    #[test]
    fn programs_may_unpack_at_the_same_time() {
        let cache = tempdir().unwrap();
        let (cache, embedded) = (cache.path(), embedded());
        for content in [None, Some("changed")] {
            if let Some(content) = content {
                let folder = embedded.unpack_to(cache).unwrap();
                fs::write(folder.join("engine/api/lib.rs"), content).unwrap();
            }
            thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        let folder = embedded.unpack_to(cache).unwrap();
                        assert_eq!(fs::read(folder.join("engine/api/lib.rs")).unwrap(), b"//");
                    });
                }
            });
        }
        assert_eq!(names(cache).len(), 2, "{:?}", names(cache));
    }

    #[test]
    fn unwritable_cache_is_told_with_the_remedy() {
        let temporary = tempdir().unwrap();
        let cache = temporary.path().join("file");
        fs::write(&cache, "").unwrap();
        let error = embedded().unpack_to(&cache).unwrap_err().to_string();
        let (first, rest) = error.split_once(": ").unwrap();
        let folder = embedded().folder_in(&cache);
        assert_eq!(
            first,
            format!("failed to unpack the engine's sources to `{}`", folder.display())
        );
        assert!(
            rest.ends_with(
                "\nhelp: have `XDG_CACHE_HOME` name a folder that can be written to, or name a \
                 checkout of policy-engine with `--engine`"
            ),
            "{rest}"
        );
        assert_eq!(
            UnpackError::from(NoCache).to_string(),
            "failed to unpack the engine's sources: there is no folder to cache them in: neither \
             `XDG_CACHE_HOME` nor `HOME` is an absolute path\nhelp: set one of them, or name a \
             checkout of policy-engine with `--engine`"
        );
    }
}
