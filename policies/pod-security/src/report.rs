use std::fmt::Display;

use kube_objects::Path;
use policy_api::{Check, Violations};

use crate::Version;

/// Takes the violations that one check finds in one pod.
pub(crate) struct Report<'r> {
    pub(crate) check: &'static Check,
    /// The version of the standards that the pod is judged by.
    pub(crate) version: Version,
    pub(crate) pod: &'r Path<'r>,
    pub(crate) violations: &'r mut Violations,
}

impl Report<'_> {
    /// Adds a violation, in this field of the pod.
    pub(crate) fn add(&mut self, field: impl Display, message: impl Display) {
        self.violations.add(self.check, format_args!("{}{field}", self.pod), message);
    }
}
