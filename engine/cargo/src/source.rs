/// The place that a crate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A folder of the user's own workspace.
    Folder,
    /// A registry, a repository or a folder that a dependency names.
    Remote {
        /// The source as a lock file writes it: `registry+…`, `sparse+…` or `git+…#revision`;
        /// `None` for a folder.
        source: Option<String>,
        /// The SHA-256 of the registry's archive.
        checksum: Option<String>,
    },
}
