//! The inputs of a compilation, as rustc writes them down for Cargo (`--emit dep-info`): the rules
//! of a makefile, and the environment's variables as comments.

use std::path::{Path, PathBuf};

/// The files and variables that a crate was compiled with, sorted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DepInfo {
    /// Relative to the workspace's root for what lies in it.
    pub(super) files: Vec<PathBuf>,
    pub(super) variables: Vec<String>,
}

impl DepInfo {
    pub(super) fn read(path: &Path) -> std::io::Result<Self> {
        Ok(Self::parse(&fs_err::read_to_string(path)?))
    }

    fn parse(text: &str) -> Self {
        let variables = text.lines().filter_map(|line| line.strip_prefix("# env-dep:"));
        let name = |line: &str| line.split('=').next().unwrap_or_default().to_owned();
        // Each file stands alone before a colon as well, so that make does not miss deleted ones.
        let files = text.lines().filter(|line| !line.starts_with('#'));
        let files = files.filter_map(|line| line.strip_suffix(':'));
        let mut found = Self {
            files: files.map(|file| PathBuf::from(file.replace("\\ ", " "))).collect(),
            variables: variables.map(name).collect(),
        };
        found.files.sort();
        found.variables.sort();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dep_info_lists_files_and_variables() {
        let text = "/t/libx.rmeta: a/lib.rs a/my\\ data\n\na/lib.rs:\na/my\\ data:\n\n\
                    # env-dep:HOME=/root: x\n# env-dep:ABSENT\n";
        let expected = DepInfo {
            files: vec!["a/lib.rs".into(), "a/my data".into()],
            variables: vec!["ABSENT".to_owned(), "HOME".to_owned()],
        };
        assert_eq!(DepInfo::parse(text), expected);
    }
}
