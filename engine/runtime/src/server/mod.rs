//! Decisions over HTTP.
//!
//! What profiles of it say, with a policy of a microsecond: two thirds of the time is the kernel's,
//! for one read and one write a request. Of the rest, no single thing is large. What counts is:
//!
//! - that no other thread is woken for a request. A task that wakes itself wakes one (`listen/coalesce_wakes`),
//!   and so does a timer that is nearer than all others, which no request's is (`lifecycle`). With one
//!   client, that was half of the time.
//! - what is allocated, and for how long. While a request is decided nothing of it keeps its
//!   connection's buffer (`state`, `http/body`), or there are two of them for each connection.
//! - what all threads count in: a place at the gate, figures, what is served. Each of them costs as
//!   much as an allocation, so it is taken once, and series are looked up when policies are loaded.
//!
//! The task of its own that each evaluation has costs less than a tenth of a request, and is what
//! lets one that does not end be answered for on time (`policy`).

mod api;
mod decide;
/// Checks of what has to hold for any request, for the fuzz targets.
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod http;
mod lifecycle;
mod listen;
mod monitor;
mod policy;
mod reload;
mod runtime;
mod service;
mod signals;
mod state;
mod systemd;
mod trace;

pub(crate) use lifecycle::{ServeError, run};
pub(crate) use signals::Signals;
