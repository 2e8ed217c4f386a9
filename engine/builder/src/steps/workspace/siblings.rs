//! The workspaces of other targets in one work folder.
//!
//! Cargo knows a crate by its place in its workspace, and whether it has changed by the times of its
//! files. What it compiled of a crate in one workspace is good for it in another. So a crate's files
//! are the same in all of them, or are only in the last that was laid out.

use std::fs::FileType;
use std::io;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::aside;

/// Removes crates that differ from those of the workspace in `folder`, which was just laid out, from
/// all others in the work folder but these, which the build takes as well: a file may be saved between
/// two targets. Laid out again, the files are of that time.
pub(crate) fn outdate_siblings(work: &Path, folder: &str, taken: &[&Path]) -> io::Result<()> {
    let root = work.join(folder);
    for name in aside::names(work)? {
        let is_taken = taken.iter().any(|taken| taken.file_name() == Some(&name));
        if name != folder && !is_taken && name.to_string_lossy().starts_with("workspace") {
            for crates in ["engine", "policies"] {
                outdate(&root.join(crates), &work.join(&name).join(crates))?;
            }
        }
    }
    let moved = work.join("aside");
    for name in aside::names(&moved)? {
        if name != folder {
            outdate(&root.join("policies"), &moved.join(name))?;
        }
    }
    Ok(())
}

/// Removes crates that are others here.
fn outdate(here: &Path, there: &Path) -> io::Result<()> {
    for name in aside::names(here)?.intersection(&aside::names(there)?) {
        let (ours, theirs) = (here.join(name), there.join(name));
        if !same_files(&ours, &theirs)? {
            fs_err::remove_dir_all(theirs)?;
        }
    }
    Ok(())
}

fn same_files(one: &Path, other: &Path) -> io::Result<bool> {
    let (ours, theirs) = (entries(one)?, entries(other)?);
    if ours != theirs {
        return Ok(false);
    }
    for (inside, _) in ours.iter().filter(|(_, kind)| kind.is_file()) {
        if fs_err::read(one.join(inside))? != fs_err::read(other.join(inside))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What is in a folder, by the path inside of it.
fn entries(folder: &Path) -> io::Result<Vec<(PathBuf, FileType)>> {
    let entries = WalkDir::new(folder).min_depth(1).sort_by_file_name().into_iter();
    entries
        .map(|entry| {
            let entry = entry?;
            let inside = entry.path().strip_prefix(folder).unwrap_or(entry.path());
            Ok((inside.to_owned(), entry.file_type()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crate_that_is_another_here_is_removed_from_the_siblings() {
        let temporary = tempfile::tempdir().unwrap();
        let work = temporary.path();
        for (file, text) in [
            ("workspace/policies/same/src/lib.rs", "same"),
            ("workspace/policies/changed/src/lib.rs", "one"),
            ("workspace/policies/fewer/src/lib.rs", "same"),
            ("workspace/engine/api/src/lib.rs", "one"),
            ("workspace/program/src/main.rs", "one"),
            ("workspace-other/policies/same/src/lib.rs", "same"),
            ("workspace-other/policies/changed/src/lib.rs", "two"),
            ("workspace-other/policies/fewer/src/lib.rs", "same"),
            ("workspace-other/policies/fewer/src/more.rs", "more"),
            ("workspace-other/policies/only/src/lib.rs", "only"),
            ("workspace-other/engine/api/src/lib.rs", "two"),
            ("workspace-other/program/src/main.rs", "two"),
            ("aside/workspace/changed/src/lib.rs", "three"),
            ("aside/workspace-other/changed/src/lib.rs", "three"),
            ("aside/workspace-other/same/src/lib.rs", "same"),
        ] {
            let path = work.join(file);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        }
        outdate_siblings(work, "workspace", &[&work.join("workspace-other")]).unwrap();
        assert!(work.join("workspace-other/policies/changed").exists());
        outdate_siblings(work, "workspace", &[]).unwrap();
        for (folder, left) in [
            ("workspace/policies", &["changed", "fewer", "same"][..]),
            ("workspace-other/policies", &["only", "same"]),
            ("workspace-other/engine", &[]),
            ("workspace-other/program", &["src"]),
            ("aside/workspace", &["changed"]),
            ("aside/workspace-other", &["same"]),
        ] {
            let left = left.iter().map(Into::into).collect();
            assert_eq!(aside::names(&work.join(folder)).unwrap(), left, "{folder}");
        }
    }
}
