//! The models of pages, one file each. Times are RFC 3339 in UTC; durations are in the unit that a
//! field's name ends with.

mod decisions;
mod frame;
mod input;
mod policies;
mod policy;
mod problem;
mod replay;
mod server;
mod settings;
mod trial;

pub use decisions::{
    Choices, Decision, DecisionPage, DecisionsPage, Filter, KeptDecisions, ResultKind,
};
pub use frame::Frame;
pub use input::{Line, MarkedText, Violation};
pub use policies::{PoliciesPage, PolicySummary, Rates, Sample, SkippedPolicy};
pub use policy::{
    CheckSummary, Grant, PolicyLimits, PolicyPage, Schema, SchemaField, Shadow, ShadowOutcome, Shed,
};
pub use problem::ProblemPage;
pub use replay::{
    ReplayPage, ReplayReport, ReplayedCell, ReplayedExample, ReplayedPolicy, ReplayedReason,
    ReplayedSide, ReplayedTimes, ReplayedVersion,
};
pub use server::{
    Build, Certificate, Confinement, DecisionLog, Dropped, Limit, LinkedCrate, Listener, Reload,
    ServerPage, Unit, Violated,
};
pub use settings::{Setting, Settings};
pub use trial::{
    FieldKind, PolicyChoice, SettingsField, TrialForm, TrialPage, TrialResult, TriedSide,
};
