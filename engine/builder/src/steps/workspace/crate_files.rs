//! The files of a crate's folder, as they are copied into the workspace.

use std::io;
use std::path::Path;

use policy_host::tree::FileTree;

/// Files that version control and Cargo keep in a crate's folder, with caches and archives.
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

/// Adds the sources of a crate.
pub(super) fn add(tree: &mut FileTree, place: &str, folder: &Path) -> io::Result<()> {
    tree.add_dir(place, folder, &NOT_SOURCES, None)
}

/// Folders of the engine's crates that nothing is compiled from: the embedded sources and Nix's are
/// without them (`build.rs`, `nix/build/engine.nix`).
const ASIDE: [&str; 4] = ["benches", "docs", "proptest-regressions", "tests"];

/// Adds the sources of one of the engine's crates.
pub(super) fn add_engines(tree: &mut FileTree, place: &str, folder: &Path) -> io::Result<()> {
    tree.add_dir(place, folder, &[&NOT_SOURCES[..], &ASIDE].concat(), None)
}

/// Adds the sources of a crate that Cargo fetched. Its links may not lead out of what was fetched,
/// so that no file of this machine gets into the workspace.
pub(super) fn add_fetched(tree: &mut FileTree, place: &str, folder: &Path) -> io::Result<()> {
    let folder_path = fs_err::canonicalize(folder)?;
    // Cargo marks the root of what it fetched. For a crate of Git that is the whole repository.
    let fetched = folder_path.ancestors().find(|parent| parent.join(".cargo-ok").is_file());
    tree.add_dir(place, folder, &NOT_SOURCES, Some(fetched.unwrap_or(&folder_path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_cargo_and_version_control_are_left_out() {
        let temporary = tempfile::tempdir().unwrap();
        let (root, source) = (temporary.path().join("tree"), temporary.path().join("crate"));
        fs_err::create_dir(&source).unwrap();
        for file in ["lib.rs", "target", ".git", ".hidden", ".cargo-ok", "Cargo.toml.orig"] {
            fs_err::write(source.join(file), "").unwrap();
        }
        let mut tree = FileTree::default();
        add(&mut tree, "p", &source).unwrap();
        tree.write(&root).unwrap();
        let mut found: Vec<_> = fs_err::read_dir(root.join("p"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        found.sort();
        assert_eq!(found, [".hidden", "lib.rs"]);
    }

    #[test]
    fn fetched_crate_may_link_within_its_repository() {
        let temporary = tempfile::tempdir().unwrap();
        let repository = temporary.path().join("checkout");
        let source = repository.join("geo");
        fs_err::create_dir_all(&source).unwrap();
        for (file, text) in [("LICENSE", "MIT"), (".cargo-ok", ""), ("../id", "secret")] {
            fs_err::write(repository.join(file), text).unwrap();
        }
        std::os::unix::fs::symlink("../LICENSE", source.join("LICENSE")).unwrap();
        add_fetched(&mut FileTree::default(), "p", &source).unwrap();
        std::os::unix::fs::symlink("../../id", source.join("id")).unwrap();
        let error = add_fetched(&mut FileTree::default(), "p", &source).unwrap_err().to_string();
        assert!(error.contains("so it is not followed"), "{error}");
        add(&mut FileTree::default(), "p", &source).unwrap();
    }
}
