//! Trees of files that are written as a whole.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

/// Files by their path inside the tree.
#[derive(Debug, Default)]
pub struct FileTree {
    files: BTreeMap<PathBuf, Content>,
}

#[derive(Debug)]
enum Content {
    Text(String),
    CopyOf(PathBuf),
    /// The file as it is there; an empty one where there is none.
    Kept,
}

impl Content {
    /// The bytes to write at a path, unless it has them already.
    fn to_write(&self, path: &Path) -> io::Result<Option<Cow<'_, [u8]>>> {
        let bytes = match self {
            Self::Text(text) => Cow::from(text.as_bytes()),
            Self::CopyOf(source) => fs_err::read(source)?.into(),
            Self::Kept if path.is_file() => return Ok(None),
            Self::Kept => Cow::default(),
        };
        let is_there = fs_err::read(path).is_ok_and(|before| before == *bytes);
        Ok((!is_there).then_some(bytes))
    }
}

impl FileTree {
    /// Adds a file with this text, in place of an earlier file at the path.
    pub fn add(&mut self, path: impl Into<PathBuf>, text: String) {
        self.files.insert(path.into(), Content::Text(text));
    }

    /// Adds a file that something else writes: it is left as it is.
    pub fn keep(&mut self, path: impl Into<PathBuf>) {
        self.files.insert(path.into(), Content::Kept);
    }

    /// Adds the files below `folder` at `place`, without those that are called as `skipped` in
    /// `folder` itself and what Cargo makes. Symbolic links are followed.
    ///
    /// # Errors
    /// When the folder cannot be read, or a link leads out of `bounds`. The path of `bounds` is
    /// canonical.
    pub fn add_dir(
        &mut self,
        place: &str,
        folder: &Path,
        skipped: &[&str],
        bounds: Option<&Path>,
    ) -> io::Result<()> {
        let entries = WalkDir::new(folder).follow_links(true).into_iter();
        let kept = entries.filter_entry(|entry| {
            let name = entry.file_name().to_str();
            let is_skipped = entry.depth() == 1 && name.is_some_and(|name| skipped.contains(&name));
            !is_skipped && !is_target_folder(entry.path())
        });
        for entry in kept {
            let entry = match entry {
                Ok(entry) => entry,
                // Editors leave dangling links beside a file that is open.
                Err(error) if is_dangling(&error) => continue,
                Err(error) => return Err(error.into()),
            };
            if let Some(bounds) = bounds.filter(|_| entry.path_is_symlink()) {
                check_within(entry.path(), bounds)?;
            }
            if entry.file_type().is_file() {
                let inside = entry.path().strip_prefix(folder).unwrap_or(entry.path());
                self.files.insert(
                    Path::new(place).join(inside),
                    Content::CopyOf(entry.path().to_owned()),
                );
            }
        }
        Ok(())
    }

    /// Makes `root` hold just these files. An unchanged file keeps its modification time. `root` is
    /// created, but not what it is in.
    ///
    /// # Errors
    /// When a file cannot be read, written or removed.
    pub fn write(&self, root: &Path) -> io::Result<()> {
        create_folder(root)?;
        self.remove_others(root)?;
        for (inside, content) in &self.files {
            let path = root.join(inside);
            let Some(bytes) = content.to_write(&path)? else { continue };
            if let Some(folder) = inside.parent() {
                create_folders_in(root, folder)?;
            }
            fs_err::write(&path, bytes)?;
        }
        Ok(())
    }

    /// Checks whether `root` holds just these files.
    #[must_use]
    pub fn is_at(&self, root: &Path) -> bool {
        let mut found = 0;
        for entry in WalkDir::new(root).min_depth(1) {
            let Ok(entry) = entry else { return false };
            if entry.file_type().is_dir() {
                continue;
            }
            let inside = entry.path().strip_prefix(root).unwrap_or(entry.path());
            let content = self.files.get(inside).filter(|_| entry.file_type().is_file());
            let is_same =
                content.is_some_and(|content| matches!(content.to_write(entry.path()), Ok(None)));
            if !is_same {
                return false;
            }
            found += 1;
        }
        found == self.files.len()
    }

    fn remove_others(&self, root: &Path) -> io::Result<()> {
        for entry in WalkDir::new(root).contents_first(true).min_depth(1) {
            let entry = entry?;
            let inside = entry.path().strip_prefix(root).unwrap_or(entry.path());
            if entry.file_type().is_dir() {
                // Fails while the folder holds one of the files.
                let _ = fs_err::remove_dir(entry.path());
            } else if !entry.file_type().is_file() || !self.files.contains_key(inside) {
                fs_err::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

/// Checks whether a folder is one that Cargo makes beside a manifest: it has a tag, and a module of that
/// name has none.
#[must_use]
pub fn is_target_folder(folder: &Path) -> bool {
    folder.ends_with("target") && folder.join("CACHEDIR.TAG").is_file()
}

/// Fails for a link that leads out of a folder.
fn check_within(link: &Path, folder: &Path) -> io::Result<()> {
    let target = fs_err::canonicalize(link)?;
    if target.starts_with(folder) {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "`{}` is a link to `{}`, outside of `{}`, so it is not followed\n\
         help: remove the link, or use a version without it",
        link.display(),
        target.display(),
        folder.display()
    )))
}

fn is_dangling(error: &walkdir::Error) -> bool {
    let is_missing = error.io_error().is_some_and(|cause| cause.kind() == io::ErrorKind::NotFound);
    is_missing && error.path().is_some_and(Path::is_symlink)
}

/// Creates the folders of a relative path in `root`, which must be there. An interruption that removes a
/// temporary folder may come while its files are written, and `create_dir_all` would make it again.
///
/// # Errors
/// When one of them cannot be created.
pub fn create_folders_in(root: &Path, inside: &Path) -> io::Result<()> {
    let mut folder = root.to_owned();
    for name in inside.components() {
        folder.push(name);
        create_folder(&folder)?;
    }
    Ok(())
}

fn create_folder(folder: &Path) -> io::Result<()> {
    match fs_err::create_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        created => created,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removed_folder_is_not_made_again() {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path().join("removed");
        let error = create_folders_in(&root, Path::new("a/b")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        let mut tree = FileTree::default();
        tree.add("a/b", String::new());
        assert_eq!(tree.write(&root.join("new")).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(!root.exists());
        tree.write(&root).unwrap();
        create_folders_in(&root, Path::new("a/c")).unwrap();
        assert!(root.join("a/b").is_file() && root.join("a/c").is_dir());
    }

    #[test]
    fn written_tree_holds_only_the_added_files() {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path().join("tree");
        let source = temporary.path().join("crate");
        for (file, text) in [
            ("src/lib.rs", "a"),
            ("src/target/mod.rs", "e"),
            ("target/x", "b"),
            ("nested/target/CACHEDIR.TAG", "c"),
            ("nested/target/debug/x", "c"),
            (".hidden", "d"),
        ] {
            fs_err::create_dir_all(source.join(file).parent().unwrap()).unwrap();
            fs_err::write(source.join(file), text).unwrap();
        }
        std::os::unix::fs::symlink("nowhere", source.join("src/.#lib.rs")).unwrap();
        fs_err::create_dir_all(root.join("old/folder")).unwrap();
        fs_err::write(root.join("old/folder/file"), "x").unwrap();

        let mut tree = FileTree::default();
        tree.add_dir("p", &source, &["target"], None).unwrap();
        tree.add("p/src/lib.rs", "changed".to_owned());
        tree.add("Cargo.toml", "m".to_owned());
        tree.write(&root).unwrap();

        let mut found: Vec<_> = WalkDir::new(&root)
            .into_iter()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.file_type().is_file())
            .map(|entry| entry.path().strip_prefix(&root).unwrap().display().to_string())
            .collect();
        found.sort();
        assert_eq!(found, ["Cargo.toml", "p/.hidden", "p/src/lib.rs", "p/src/target/mod.rs"]);
        assert_eq!(fs_err::read_to_string(root.join("p/src/lib.rs")).unwrap(), "changed");
        assert!(!root.join("old").exists());
    }

    #[test]
    fn link_out_of_the_bounds_is_refused() {
        let temporary = tempfile::tempdir().unwrap();
        let root = fs_err::canonicalize(temporary.path()).unwrap();
        let checkout = root.join("checkout");
        let source = checkout.join("geo");
        fs_err::create_dir_all(source.join("src")).unwrap();
        fs_err::create_dir(root.join(".ssh")).unwrap();
        fs_err::write(root.join(".ssh/id"), "secret").unwrap();
        fs_err::write(checkout.join("LICENSE"), "MIT").unwrap();
        std::os::unix::fs::symlink("../LICENSE", source.join("LICENSE")).unwrap();
        FileTree::default().add_dir("p", &source, &[], Some(&checkout)).unwrap();

        for target in [".ssh", ".ssh/id"] {
            let (link, target) = (source.join("src/link"), root.join(target));
            std::os::unix::fs::symlink(&target, &link).unwrap();
            let refused = FileTree::default().add_dir("p", &source, &[], Some(&checkout));
            assert_eq!(
                refused.unwrap_err().to_string(),
                format!(
                    "`{}` is a link to `{}`, outside of `{}`, so it is not followed\n\
                     help: remove the link, or use a version without it",
                    link.display(),
                    target.display(),
                    checkout.display()
                )
            );
            FileTree::default().add_dir("p", &source, &[], None).unwrap();
            fs_err::remove_file(link).unwrap();
        }
    }

    #[test]
    fn changed_missing_and_added_files_are_found_and_mended() {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path().join("tree");
        let mut tree = FileTree::default();
        tree.add("src/lib.rs", "a".to_owned());
        tree.add("Cargo.toml", "m".to_owned());
        assert!(!tree.is_at(&root));
        tree.write(&root).unwrap();
        assert!(tree.is_at(&root));
        let changes: [&dyn Fn() -> io::Result<()>; 5] = [
            &|| fs_err::write(root.join("src/lib.rs"), "b"),
            &|| fs_err::remove_file(root.join("src/lib.rs")),
            &|| fs_err::write(root.join("build.rs"), ""),
            &|| {
                fs_err::remove_file(root.join("src/lib.rs"))?;
                fs_err::write(temporary.path().join("a"), "a")?;
                std::os::unix::fs::symlink("../../a", root.join("src/lib.rs"))
            },
            &|| {
                fs_err::remove_file(root.join("Cargo.toml"))?;
                fs_err::create_dir_all(root.join("Cargo.toml/x"))
            },
        ];
        for (number, change) in changes.into_iter().enumerate() {
            change().unwrap();
            assert!(!tree.is_at(&root), "{number}");
            tree.write(&root).unwrap();
            assert!(tree.is_at(&root), "{number}");
        }
    }

    #[test]
    fn unchanged_file_keeps_its_modification_time() {
        let temporary = tempfile::tempdir().unwrap();
        let mut tree = FileTree::default();
        tree.add("a", "1".to_owned());
        tree.write(temporary.path()).unwrap();
        let changed =
            |name| fs_err::metadata(temporary.path().join(name)).unwrap().modified().unwrap();
        let before = changed("a");
        std::thread::sleep(std::time::Duration::from_millis(20));
        tree.add("b", "2".to_owned());
        tree.write(temporary.path()).unwrap();
        assert_eq!(changed("a"), before);
        assert!(changed("b") > before);
    }
}
