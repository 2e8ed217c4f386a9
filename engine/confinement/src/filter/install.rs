//! Putting filters on the calling thread.

use std::os::fd::OwnedFd;

use libc::sock_filter;
use seccompy::{FilterFlags, FilterWithListenerFlags, set_filter, set_filter_with_listener};

use super::program::{Action, compile};
use super::zone::{Asked, zone_filter};
use crate::grant::Grants;
use crate::mode::Mode;

/// How far filters of system calls go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterSupport {
    /// Calls are refused, and the supervisor is told.
    Told,
    /// Calls are refused, and nobody is told.
    Silent,
    /// There are no filters.
    None,
}

/// A filter that is on this thread, and what its notifications are read from.
#[derive(Debug)]
pub(crate) enum Installed {
    Told(OwnedFd),
    Silent,
    None,
}

impl Installed {
    pub(crate) fn support(&self) -> FilterSupport {
        match self {
            Self::Told(_) => FilterSupport::Told,
            Self::Silent => FilterSupport::Silent,
            Self::None => FilterSupport::None,
        }
    }
}

/// Puts a zone's filter on this thread, which has `no_new_privs`. Where the supervisor cannot be asked,
/// the filter refuses by itself; in [`Mode::Warn`] there is none then.
pub(crate) fn install_zone(grants: Grants, mode: Mode) -> Installed {
    if let Some(listener) = with_listener(&zone_filter(grants, Asked::Supervisor)) {
        return Installed::Told(listener);
    }
    if mode == Mode::Enforce && install(&zone_filter(grants, Asked::Nobody)) {
        return Installed::Silent;
    }
    Installed::None
}

/// Puts a filter that allows everything on this thread, which has `no_new_privs`, to find out what can
/// be had.
pub(crate) fn try_filter() -> FilterSupport {
    let program = compile(&[], Action::Allow);
    if with_listener(&program).is_some() {
        FilterSupport::Told
    } else if install(&program) {
        FilterSupport::Silent
    } else {
        FilterSupport::None
    }
}

/// Puts a filter on this thread. `false` where the kernel takes none.
pub(crate) fn install(program: &[sock_filter]) -> bool {
    // Before Linux 5.16 a filter slows the processor down, unless it is asked not to; before 4.17 it
    // cannot be asked.
    let fast = FilterFlags { spec_allow: true, ..FilterFlags::default() };
    set_filter(fast, program).is_ok() || set_filter(FilterFlags::default(), program).is_ok()
}

/// Puts a filter on this thread whose notifications can be read. `None` where the kernel has no such
/// filters (before Linux 5.7), or somebody else reads them.
fn with_listener(program: &[sock_filter]) -> Option<OwnedFd> {
    let fast = FilterWithListenerFlags { spec_allow: true, ..FilterWithListenerFlags::default() };
    set_filter_with_listener(fast, program).ok()
}
