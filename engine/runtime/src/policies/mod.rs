//! The policies of this binary: which there are, how one is named, configured and asked.

mod budget;
mod by_path;
mod denied_by;
mod hidden;
mod instance;
mod made_schemas;
mod path;
mod policy_ref;
mod reasons;
mod registry;
mod schemas;
mod secrets;
mod settings;
mod timed;

pub use budget::{Budget, CpuReading, OverBudget, Usage};
pub use instance::{Decision, DecisionError, Instance, InstanceError, RefusedCalls};
pub use policy_ref::{PolicyRef, PolicyRefError, VersionSelector};
pub use registry::{Entry, Registry, RegistryError, UnknownPolicy};
pub use settings::{Settings, SettingsError};

pub(crate) use by_path::{PoliciesByPath, PolicyLookup, Served};
pub(crate) use denied_by::denied_by;
pub(crate) use hidden::Hidden;
pub(crate) use instance::{call_guarded, settings_schema};
#[cfg(feature = "console")]
pub(crate) use made_schemas::NoSchema;
pub(crate) use path::PolicyPath;
pub(crate) use reasons::{Reason, reasons, reasons_in_words};
pub(crate) use schemas::{SchemaOf, schema};
pub(crate) use secrets::{MASK, masked};
#[cfg(feature = "console")]
pub(crate) use secrets::{names_a_secret, says_secret};
pub(crate) use settings::Assignment;
pub(crate) use timed::{EvaluationLimits, TimedError, TimedEvaluator, TimedQuestion};
