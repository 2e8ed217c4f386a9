use std::time::Duration;

use semver::Version;

use crate::config::Mode;
use crate::policies::Served;

/// A policy that a program serves.
#[derive(Debug)]
pub(crate) struct Target {
    /// Its number in the program.
    pub(super) index: usize,
    pub(crate) id: String,
    pub(super) version: Version,
    /// The version as text.
    pub(crate) version_text: String,
    pub(crate) mode: Mode,
    pub(super) timeout: Duration,
}

impl Served for Target {
    fn id(&self) -> &str {
        &self.id
    }

    fn version(&self) -> &Version {
        &self.version
    }
}
