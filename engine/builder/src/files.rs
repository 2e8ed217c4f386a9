//! A tree of files that is put on disk as a whole.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};

use walkdir::WalkDir;

/// What version control and Cargo keep in a crate's folder, its caches and archives among it.
const NOT_SOURCES: [&str; 9] = [
    ".git",
    ".hg",
    ".jj",
    ".svn",
    "target",
    ".cargo-ok",
    ".cargo-checksum.json",
    ".cargo_vcs_info.json",
    "Cargo.toml.orig",
];

/// Files by their path inside the tree.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    files: BTreeMap<PathBuf, Content>,
}

#[derive(Debug)]
enum Content {
    Text(String),
    CopyOf(PathBuf),
}

impl Tree {
    /// A file with this text; it takes the place of one that was added before.
    pub(crate) fn add(&mut self, path: impl Into<PathBuf>, text: String) {
        self.files.insert(path.into(), Content::Text(text));
    }

    /// The files of a crate's folder, without what Cargo and version control keep there. Links are
    /// followed.
    pub(crate) fn copy(&mut self, place: &str, folder: &Path) -> io::Result<()> {
        self.copy_within(place, folder, None)
    }

    /// As `copy`, of a crate that somebody else put together: a link in it that leads out of what
    /// was fetched is an error, so that nothing of this machine gets into the tree.
    pub(crate) fn copy_fetched(&mut self, place: &str, folder: &Path) -> io::Result<()> {
        let real = fs_err::canonicalize(folder)?;
        // Cargo marks the root of what it fetched, which is a whole repository for a crate of Git.
        let fetched = real.ancestors().find(|it| it.join(".cargo-ok").is_file());
        self.copy_within(place, folder, Some(fetched.unwrap_or(&real)))
    }

    fn copy_within(&mut self, place: &str, folder: &Path, bounds: Option<&Path>) -> io::Result<()> {
        let entries = WalkDir::new(folder).follow_links(true).into_iter();
        let kept = entries.filter_entry(|entry| {
            let name = entry.file_name().to_str();
            entry.depth() != 1 || !name.is_some_and(|name| NOT_SOURCES.contains(&name))
        });
        for entry in kept {
            let entry = match entry {
                Ok(entry) => entry,
                // A link that leads nowhere, as editors leave beside a file that is open.
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

    /// Makes `root` hold just these files. One that is already as it should be keeps its time of
    /// change, by which Cargo tells what to compile again.
    pub(crate) fn write(&self, root: &Path) -> io::Result<()> {
        fs_err::create_dir_all(root)?;
        self.remove_others(root)?;
        for (path, content) in &self.files {
            let path = root.join(path);
            let bytes = match content {
                Content::Text(text) => text.as_bytes().to_vec(),
                Content::CopyOf(source) => fs_err::read(source)?,
            };
            if fs_err::read(&path).is_ok_and(|before| before == bytes) {
                continue;
            }
            if let Some(folder) = path.parent() {
                fs_err::create_dir_all(folder)?;
            }
            fs_err::write(&path, bytes)?;
        }
        Ok(())
    }

    fn remove_others(&self, root: &Path) -> io::Result<()> {
        for entry in WalkDir::new(root).contents_first(true).min_depth(1) {
            let entry = entry?;
            let inside = entry.path().strip_prefix(root).unwrap_or(entry.path());
            if entry.file_type().is_dir() {
                // Left behind only when something is still in it.
                let _ = fs_err::remove_dir(entry.path());
            } else if !self.files.contains_key(inside) {
                fs_err::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

/// Makes sure that a link leads to something inside of a folder.
fn check_within(link: &Path, folder: &Path) -> io::Result<()> {
    let real = fs_err::canonicalize(link)?;
    if real.starts_with(folder) {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "`{}` is a link to `{}`, outside of the crate that was fetched, so it is not followed; \
         expected links inside of it: have the link taken out there, or use another version",
        link.display(),
        real.display()
    )))
}

fn is_dangling(error: &walkdir::Error) -> bool {
    let is_missing = error.io_error().is_some_and(|it| it.kind() == io::ErrorKind::NotFound);
    is_missing && error.path().is_some_and(Path::is_symlink)
}

/// A path from the root with no `.` or `..` in it, also where nothing is there yet.
pub(crate) fn absolute(path: &Path) -> io::Result<PathBuf> {
    let mut absolute = PathBuf::new();
    for component in std::path::absolute(path)?.components() {
        match component {
            Component::ParentDir => {
                absolute.pop();
            }
            Component::CurDir => {}
            other => absolute.push(other.as_os_str()),
        }
        // What exists is resolved on the way, so that links are seen through.
        if let Ok(real) = fs_err::canonicalize(&absolute) {
            absolute = real;
        }
    }
    Ok(absolute)
}

/// The way from one folder to another, both from the root and without `..` in them.
pub(crate) fn relative(from: &Path, to: &Path) -> PathBuf {
    let common = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(common).map(|_| Component::ParentDir);
    up.chain(to.components().skip(common)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_on_disk_is_just_what_was_added() {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path().join("tree");
        let source = temporary.path().join("crate");
        for (file, text) in [
            ("src/lib.rs", "a"),
            ("src/target/mod.rs", "e"),
            ("target/x", "b"),
            (".git/y", "c"),
            (".hidden", "d"),
            (".cargo-ok", "f"),
            ("Cargo.toml.orig", "g"),
        ] {
            fs_err::create_dir_all(source.join(file).parent().unwrap()).unwrap();
            fs_err::write(source.join(file), text).unwrap();
        }
        std::os::unix::fs::symlink("nowhere", source.join("src/.#lib.rs")).unwrap();
        fs_err::create_dir_all(root.join("old/folder")).unwrap();
        fs_err::write(root.join("old/folder/file"), "x").unwrap();

        let mut tree = Tree::default();
        tree.copy("p", &source).unwrap();
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
    fn links_in_what_was_fetched_stay_inside_of_it() {
        let temporary = tempfile::tempdir().unwrap();
        let root = fs_err::canonicalize(temporary.path()).unwrap();
        let repository = root.join("checkout");
        let source = repository.join("geo");
        fs_err::create_dir_all(source.join("src")).unwrap();
        fs_err::create_dir(root.join(".ssh")).unwrap();
        fs_err::write(root.join(".ssh/id"), "secret").unwrap();
        fs_err::write(repository.join("LICENSE"), "MIT").unwrap();
        fs_err::write(repository.join(".cargo-ok"), "").unwrap();
        std::os::unix::fs::symlink("../LICENSE", source.join("LICENSE")).unwrap();
        Tree::default().copy_fetched("p", &source).unwrap();

        for target in [".ssh", ".ssh/id"] {
            let (link, target) = (source.join("src/link"), root.join(target));
            std::os::unix::fs::symlink(&target, &link).unwrap();
            assert_eq!(
                Tree::default().copy_fetched("p", &source).unwrap_err().to_string(),
                format!(
                    "`{}` is a link to `{}`, outside of the crate that was fetched, so it is not \
                     followed; expected links inside of it: have the link taken out there, or use \
                     another version",
                    link.display(),
                    target.display()
                )
            );
            Tree::default().copy("p", &source).unwrap();
            fs_err::remove_file(link).unwrap();
        }
    }

    #[test]
    fn what_stays_the_same_is_not_written_again() {
        let temporary = tempfile::tempdir().unwrap();
        let mut tree = Tree::default();
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
