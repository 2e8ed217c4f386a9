use std::path::{Path, PathBuf};

use crate::documents::files::{self, FolderError};

/// The endings of suites.
const ENDINGS: [&str; 3] = [".suite.yaml", ".suite.yml", ".suite.json"];

/// Returns whether a file is a suite, by its name.
pub(crate) fn is_suite(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy());
    name.is_some_and(|name| ENDINGS.iter().any(|ending| name.ends_with(ending)))
}

/// The suites of these paths: files as they are named, and those that are in folders.
pub(crate) fn find(paths: &[PathBuf]) -> Vec<Result<PathBuf, FindError>> {
    let mut found = Vec::new();
    for path in paths {
        if !path.is_dir() {
            found.push(Ok(path.clone()));
            continue;
        }
        let before = found.len();
        let here = Path::new(".");
        for file in files::in_folder(path, is_suite) {
            // As the user would write it.
            let plain = |file: PathBuf| file.strip_prefix(here).map(Path::to_owned).unwrap_or(file);
            found.push(file.map(plain).map_err(FindError::Folder));
        }
        if found.len() == before {
            found.push(Err(FindError::None(path.clone())));
        }
    }
    found
}

/// The reason why there are no suites.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FindError {
    #[error("no suite is in `{}`: expected a file whose name ends in `.suite.yaml`, `.suite.yml` or `.suite.json`", .0.display())]
    None(PathBuf),
    #[error(transparent)]
    Folder(FolderError),
}

impl FindError {
    /// The folder, or the part of it.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::None(folder) => folder,
            Self::Folder(error) => error.path(),
        }
    }

    /// The remedy, where there is one.
    pub(crate) fn help(&self) -> Option<&'static str> {
        match self {
            Self::None(_) => Some(
                "`policy-engine test --init POLICY FOLDER` writes one, from a folder of inputs",
            ),
            Self::Folder(_) => None,
        }
    }
}
