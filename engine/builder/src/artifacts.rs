//! The files and folders that this program writes, as errors name them.

use policy_host::atomic::Artifact;

pub(crate) const BASE_LAYER: Artifact = Artifact::new("base layer");
pub(crate) const CONFIGURATION: Artifact = Artifact::new("configuration");
pub(crate) const ENGINE_ARCHIVE: Artifact = Artifact::new("engine's archive");
pub(crate) const LOCK: Artifact = Artifact::new("lock");
pub(crate) const MANIFEST: Artifact = Artifact::new("manifest");
pub(crate) const POLICIES_FOLDER: Artifact = Artifact::new("policies folder");
pub(crate) const POLICY_CRATE: Artifact = Artifact::new("policy crate");
pub(crate) const PROGRAM: Artifact = Artifact::new("program").executable();
pub(crate) const REPORT: Artifact = Artifact::new("report");
