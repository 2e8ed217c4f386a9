//! HTTP without sockets: what a request's head and body say, how a response is made, and the limits
//! of memory and concurrency. Nothing here knows an API or a policy.

pub(crate) mod auth;
pub(crate) mod body;
pub(crate) mod concurrency;
pub(crate) mod error;
pub(crate) mod memory_budget;
pub(crate) mod path;
pub(crate) mod query;
pub(crate) mod request_id;
pub(crate) mod response;
pub(crate) mod well_formed;
pub(crate) mod yaml_body;
