//! Which system calls a zone may make.

mod calls;
mod install;
mod judge;
mod program;
mod rest;
mod zone;

pub use install::FilterSupport;
pub(crate) use install::{Installed, install, install_zone, try_filter};
pub(crate) use judge::{Answer, judge};
pub(crate) use rest::{Kept, rest_filter};
pub use zone::{CallGroup, zone_calls};
