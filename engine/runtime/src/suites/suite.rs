use std::sync::Arc;

use super::expectation::Expectation;
use super::input::Input;
use crate::documents::tree::Position;
use crate::policies::{Entry, Instance};

/// The cases of one file.
pub(crate) struct Suite {
    /// The file, as it was named.
    pub(crate) file: String,
    pub(crate) cases: Vec<Case>,
}

/// A question to a policy, and what is expected of the answer.
pub(crate) struct Case {
    pub(crate) name: String,
    /// The place of the case in its file.
    pub(crate) at: Position,
    pub(crate) subject: Arc<Subject>,
    pub(super) input: Input,
    pub(super) labels: Vec<(String, String)>,
    pub(super) expectation: Expectation,
}

/// A policy with the settings of some cases.
pub(crate) struct Subject {
    pub(crate) entry: Entry,
    pub(crate) version: String,
    pub(super) instance: Arc<Instance>,
}
