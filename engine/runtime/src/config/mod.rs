//! The configuration of the server: one file, the environment over it, and the command line over both.

mod console;
mod decision_log;
mod env;
mod flags;
mod json_schema;
mod load;
mod model;
mod policies;
mod read;
mod report;
mod resolve;
mod schema;
mod secrets;
mod section;
mod settings;
mod shadow;
#[cfg(test)]
mod tests;
mod tls;
mod values;

pub(crate) use flags::Flags;
pub(crate) use json_schema::json_schema;
#[cfg(test)]
pub(crate) use load::load;
pub(crate) use load::{Loaded, Sources};
pub(crate) use model::{
    Address, CollectorConfig, Config, ConsoleConfig, DecisionLogConfig, DefaultDecision, Limits,
    LogDestination, Mode, PolicyConfig, PolicyDefaults, PolicySelection, Sample, ShadowConfig,
    Shutdown, Tls, WhenFull,
};
pub(crate) use report::{EffectiveSetting, ShownValue};
pub(crate) use resolve::{Named, Resolved, ResolvedShadow, Unresolved, mistakes};
