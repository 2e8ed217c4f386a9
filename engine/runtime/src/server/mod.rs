//! Decisions over HTTP: `listen` takes requests from sockets, an API of `api` reads them by `http`,
//! `decide` asks a policy of `policy`, and `lifecycle` starts, reloads and ends it all.
//!
//! Profiles show, with a policy that takes a microsecond, that two thirds of the time are the kernel's,
//! for one read and one write a request. Three things matter in the rest:
//!
//! - Wake-ups of other threads. A task that wakes itself causes one (`listen/coalesce_wakes`), and so
//!   does a timer that is nearer than all others (`runtime`). With one client, that was half of the
//!   time.
//! - Allocations, and how long they live. While a policy decides, nothing may keep the connection's
//!   buffer (`api/exchange`, `http/body`), or each connection has two of them.
//! - Counters that all threads share: permits, metrics, the state. Each access costs as much as an
//!   allocation, so it happens once a request, and series are looked up when policies are loaded.
//!
//! The task of its own that each evaluation has costs less than a tenth of a request. It is what lets
//! the caller of a stuck policy be answered on time (`policy`).

mod api;
#[cfg(feature = "console")]
mod console;
#[cfg(feature = "console")]
mod console_state;
mod decide;
/// Checks of what has to hold for any request, for the fuzz targets.
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod http;
mod lifecycle;
mod listen;
mod monitor;
mod needs;
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
