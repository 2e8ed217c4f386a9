//! HTTP without sockets: what a request's head and body say, and how an answer is sent.

pub(crate) mod auth;
pub(crate) mod body;
pub(crate) mod concurrency;
pub(crate) mod memory_budget;
pub(crate) mod query;
pub(crate) mod response;
pub(crate) mod route;
pub(crate) mod well_formed;
pub(crate) mod yaml_body;
