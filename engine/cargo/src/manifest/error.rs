use std::io;
use std::path::PathBuf;

/// An error in a manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// A file cannot be read.
    #[error("failed to read a manifest: {0}")]
    Read(#[from] io::Error),
    /// A file is not TOML.
    #[error("`{}` is not TOML: {reason}, at {place}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// The parser's error.
        reason: String,
        /// Line and column, in words.
        place: String,
    },
    /// A crate names a workspace that is not there.
    #[error(
        "`{}` names the workspace `{named}`, and `{}` is not there\nhelp: correct it",
        path.display(),
        workspace.display()
    )]
    NoWorkspace {
        /// The crate's manifest.
        path: PathBuf,
        /// The workspace, as it is written there.
        named: String,
        /// The manifest of that workspace.
        workspace: PathBuf,
    },
    /// A crate inherits what its workspace lacks.
    #[error("`{}` inherits `{key}` from its workspace, and {missing}", path.display())]
    NotInherited {
        /// The crate's manifest.
        path: PathBuf,
        /// The inherited key.
        key: String,
        /// The reason.
        missing: Missing,
    },
}

/// The reason why a workspace does not have what a crate inherits.
#[derive(Debug, thiserror::Error)]
pub enum Missing {
    /// The workspace in this folder lacks the key.
    #[error("`{}` has none", .0.join("Cargo.toml").display())]
    Key(PathBuf),
    /// The workspace with this manifest excludes the crate.
    #[error("`{}` excludes it\nhelp: write it out, or list it in the `members` there", .0.display())]
    Excluded(PathBuf),
    /// There is no workspace.
    #[error("is in no workspace\nhelp: write it out, or add the workspace's `Cargo.toml`")]
    Workspace,
    /// A reason that is known to whoever read the manifest.
    #[error("{0}")]
    Explained(String),
}
