//! The console: pages for operators, of what runs, what it decides, and what it would decide.
//!
//! A request is let in by `access` and led to a page by `route`; each page has a file that makes its
//! model of the server's state, and `reply` writes the model as HTML or JSON. Nothing here changes
//! what is served.

mod access;
mod decision;
mod decisions;
mod event;
mod frame;
mod hidden;
mod observe;
mod places;
mod policies;
mod policy;
mod pretty;
mod replay;
mod reply;
mod respond;
mod route;
mod schema_fields;
mod server;
mod trial;

pub(super) use observe::observe;
pub(super) use respond::respond;
