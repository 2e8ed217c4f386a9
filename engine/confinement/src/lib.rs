//! Zones of threads that the kernel confines, by what an ordinary user may ask of it: seccomp,
//! Landlock and `no_new_privs`.
//!
//! [`spawn_zone`] starts a thread that confines itself before it runs anything; the threads that it
//! starts inherit that. What a zone may do is a list ([`zone_calls`]). All else is refused by `EPERM`,
//! and a [`Supervisor`] in the same process is told of it: it names the [`Subject`] that the thread was
//! running code of ([`enter`]). A call that only an attack makes ends the process.
//!
//! The threads that do the rest keep what [`Rest`] lists.
//!
//! Threads of a process share its memory and its descriptors: a zone keeps code from reaching out,
//! not from spoiling what other threads do.

mod allocator;
mod call;
mod chain;
mod domain;
mod filter;
mod grant;
mod mode;
mod process;
mod rest;
mod subject;
mod supervisor;
mod support;
mod zone;

pub use call::Call;
pub use filter::{CallGroup, FilterSupport, zone_calls};
pub use grant::{Grant, Grants};
pub use mode::Mode;
pub use process::{forbid_dumps, threads};
pub use rest::Rest;
pub use subject::{Entered, Refused, Subject, enter};
pub use supervisor::{EXIT_STATUS, Outcome, Supervisor, Violation};
pub use support::Support;
pub use zone::{Zone, spawn_zone};
