//! OPA's REST API, for its clients as they are.
//!
//! Shapes and codes are those of `v1/server/types` and of the REST API's documentation; where this
//! engine knows more than OPA would, an answer has a field more.

mod batch;
mod data;
mod document;
mod error;
mod policies;
mod writer;

pub(crate) use batch::batch;
pub(crate) use data::data;
pub(crate) use error::OpaError;
pub(crate) use policies::{config, policies, policy};
