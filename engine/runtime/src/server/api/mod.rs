//! The APIs that clients speak.

pub(crate) mod diagnostics;
pub(crate) mod kubernetes;
pub(crate) mod opa;
