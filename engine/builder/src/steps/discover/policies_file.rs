//! `policies.toml`, beside the crates of a policies folder: what is not a crate there.
//!
//! ```toml
//! [policies]                 # policies from elsewhere, as Cargo's dependencies are written
//! geo = "1.2"
//!
//! [vet]                      # what `policy-builder vet` lets pass
//! ```

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item};

/// The file's name.
pub(crate) const POLICIES_FILE: &str = "policies.toml";

const TABLES: [&str; 2] = ["policies", "vet"];

/// The file, or nothing where there is none.
#[derive(Debug, Default)]
pub(crate) struct PoliciesFile {
    /// The file's path, whether it is there or not.
    pub(crate) path: PathBuf,
    document: DocumentMut,
}

impl PoliciesFile {
    /// Reads the file of a policies folder.
    pub(crate) fn read(policies: &Path) -> Result<Self, PoliciesFileError> {
        let path = policies.join(POLICIES_FILE);
        if path.exists() && !path.is_file() {
            return Err(PoliciesFileError::NoFile { path });
        }
        let text = match fs_err::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error.into()),
        };
        let document: DocumentMut =
            text.parse().map_err(|error: toml_edit::TomlError| PoliciesFileError::Parse {
                path: path.clone(),
                reason: error.to_string().trim_end().to_owned(),
            })?;
        if let Some((key, _)) = document.iter().find(|(key, _)| !TABLES.contains(key)) {
            return Err(PoliciesFileError::Unknown { path, key: key.to_owned() });
        }
        Ok(Self { path, document })
    }

    /// One of its tables, where it is there.
    pub(crate) fn table(&self, name: &str) -> Option<&Item> {
        self.document.get(name)
    }
}

/// An error in the file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PoliciesFileError {
    #[error("failed to read the policies file: {0}")]
    Read(#[from] io::Error),
    #[error("`{}` is no file: expected one, in TOML", path.display())]
    NoFile { path: PathBuf },
    #[error("`{}` is not TOML: {reason}", path.display())]
    Parse { path: PathBuf, reason: String },
    #[error("`{}`: unknown key `{key}`, expected `policies` or `vet`", path.display())]
    Unknown { path: PathBuf, key: String },
}
