use std::fmt;

use serde::Serialize;

use crate::Path;

/// What a policy says to an object.
#[derive(Debug, Serialize)]
pub struct Decision {
    allowed: bool,
    violations: Vec<Violation>,
}

impl From<Vec<Violation>> for Decision {
    fn from(violations: Vec<Violation>) -> Self {
        Self { allowed: violations.is_empty(), violations }
    }
}

/// One thing that an object may not have.
#[derive(Debug, Serialize)]
pub struct Violation {
    check: &'static str,
    field: String,
    message: String,
}

impl Violation {
    /// A violation of this check, in a field of the pod at this path.
    pub fn new(
        check: &'static str,
        pod: &Path<'_>,
        field: impl fmt::Display,
        message: impl fmt::Display,
    ) -> Self {
        Self { check, field: format!("{pod}{field}"), message: message.to_string() }
    }
}
