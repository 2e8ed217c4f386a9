//! The crates of other policies folders, in a work folder that several of them are built in.
//!
//! Cargo goes by the time at which a source was written. So crates that another folder has are moved
//! aside and back as they are, and what is compiled of them is still good when their folder is built
//! again.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::steps::discover::Policies;

/// Moves folders of crates that are none of these from the workspace `root` to `aside`, and those of
/// crates that are back. Their files may be others than these crates'.
pub(crate) fn exchange(policies: &Policies, root: &Path, aside: &Path) -> io::Result<()> {
    let folders = policies.crates.iter().filter_map(|member| {
        Path::new(&member.folder).components().next().map(|first| first.as_os_str().to_owned())
    });
    exchange_folders(&folders.collect(), &root.join("policies"), aside)
}

fn exchange_folders(wanted: &BTreeSet<OsString>, here: &Path, aside: &Path) -> io::Result<()> {
    for name in names(here)?.difference(wanted) {
        fs_err::create_dir_all(aside)?;
        let place = aside.join(name);
        if place.exists() {
            fs_err::remove_dir_all(&place)?;
        }
        fs_err::rename(here.join(name), place)?;
    }
    for name in names(aside)?.intersection(wanted) {
        if !here.join(name).exists() {
            fs_err::create_dir_all(here)?;
            fs_err::rename(aside.join(name), here.join(name))?;
        }
    }
    Ok(())
}

/// The names of the folders in a folder, which may not be there.
pub(super) fn names(folder: &Path) -> io::Result<BTreeSet<OsString>> {
    let entries = match fs_err::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(error),
    };
    let mut names = BTreeSet::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            names.insert(entry.file_name());
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_that_comes_back_is_the_one_that_left() {
        let temporary = tempfile::tempdir().unwrap();
        let [here, aside] = ["policies", "aside"].map(|name| temporary.path().join(name));
        let exchange = |wanted: &[&str]| {
            exchange_folders(&wanted.iter().map(OsString::from).collect(), &here, &aside).unwrap();
        };
        exchange(&["hours"]);
        for name in ["hours", "zones"] {
            fs_err::create_dir_all(here.join(name)).unwrap();
            fs_err::write(here.join(name).join("lib.rs"), "first").unwrap();
        }
        let changed = || fs_err::metadata(here.join("hours/lib.rs")).unwrap().modified().unwrap();
        let before = changed();
        exchange(&["zones", "new"]);
        assert_eq!(names(&here).unwrap(), ["zones".into()].into());
        exchange(&["hours"]);
        assert_eq!(names(&here).unwrap(), ["hours".into()].into());
        assert_eq!(changed(), before);

        // The last that was there counts.
        fs_err::create_dir(here.join("zones")).unwrap();
        fs_err::write(here.join("zones/lib.rs"), "second").unwrap();
        exchange(&["hours"]);
        exchange(&["zones"]);
        assert_eq!(fs_err::read_to_string(here.join("zones/lib.rs")).unwrap(), "second");
    }
}
