//! The policies that are served: which of them a path names, and how one is evaluated in time.
//!
//! Native code cannot be stopped from outside. The caller of a policy that overruns is answered on
//! time, a policy whose evaluations do not end is suspended until one does, and policies never hold
//! all threads that read requests.

mod activity;
mod call;
mod failure;
mod outcome;
mod output;
mod progress;
mod served;
#[cfg(feature = "console")]
mod settings;
mod shadow;
#[cfg(test)]
mod tests;
#[cfg(feature = "console")]
mod uncounted;
mod workers;

pub(crate) use failure::{EvaluationFailure, policy_message};
pub(crate) use output::{EvaluationOutput, EvaluationRequest};
pub(crate) use served::{ServedPolicies, ServedPolicy};
#[cfg(feature = "console")]
pub(crate) use settings::PolicySettings;
pub(crate) use shadow::{Asked, Shadow, ShadowPolicy};
#[cfg(feature = "console")]
pub(crate) use uncounted::evaluate_uncounted;
pub(crate) use workers::WorkerSlots;
