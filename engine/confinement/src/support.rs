//! What this kernel can do.

use std::thread;

use crate::domain;
use crate::filter::{self, FilterSupport};

/// What this kernel can do, for this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Support {
    /// The version of Landlock's interface that is made use of, at most 7; 0 without Landlock.
    pub landlock: u32,
    /// Filters of system calls.
    pub filter: FilterSupport,
}

impl Support {
    /// Finds out: by asking, and by a filter on a thread that then ends. Nothing that lasts is
    /// restricted.
    #[must_use]
    pub fn detect() -> Self {
        let tried = thread::Builder::new()
            .name("confinement-support".to_owned())
            .spawn(|| seccompy::set_no_new_privileges().is_ok().then(filter::try_filter));
        let filter = tried.ok().and_then(|thread| thread.join().ok().flatten());
        Self { landlock: domain::version(), filter: filter.unwrap_or(FilterSupport::None) }
    }

    /// What is missing for full confinement, a sentence each.
    #[must_use]
    pub fn missing(self) -> Vec<&'static str> {
        let landlock = match self.landlock {
            0 => Some(
                "this kernel has no Landlock (it came with Linux 5.13): files and connections are \
                 guarded by seccomp alone",
            ),
            1..4 => Some(
                "this kernel's Landlock does not know TCP (Linux 6.7 does): connections are guarded by \
                 seccomp alone",
            ),
            4..6 => Some(
                "this kernel's Landlock does not know signals (Linux 6.12 does): they are guarded by \
                 seccomp alone",
            ),
            _ => None,
        };
        let filter = match self.filter {
            FilterSupport::Told => None,
            FilterSupport::Silent => Some(
                "this kernel or container does not notify of system calls: what a policy may not do is \
                 refused, and not told",
            ),
            FilterSupport::None => Some(
                "this kernel or container takes no filter of system calls: policies can make any",
            ),
        };
        landlock.into_iter().chain(filter).collect()
    }
}
