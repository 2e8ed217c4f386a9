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
        if self.filter == FilterSupport::None {
            return vec![if self.landlock == 0 {
                "this kernel or container has neither Landlock nor filters of system calls: nothing \
                 confines policies"
            } else {
                "this kernel or container takes no filter of system calls: policies can make any that \
                 Landlock does not refuse"
            }];
        }
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
        let filter = (self.filter == FilterSupport::Silent).then_some(
            "this kernel or container does not notify of system calls: what a policy may not do is \
             refused, and not told",
        );
        landlock.into_iter().chain(filter).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(landlock: u32, filter: FilterSupport) -> String {
        Support { landlock, filter }.missing().join("; ")
    }

    #[test]
    fn nothing_is_said_to_be_guarded_by_what_is_missing() {
        assert_eq!(missing(7, FilterSupport::Told), "");
        assert!(missing(0, FilterSupport::Silent).contains("by seccomp alone; this kernel or"));
        let nothing = "this kernel or container has neither Landlock nor filters of system calls: \
                       nothing confines policies";
        assert_eq!(missing(0, FilterSupport::None), nothing);
        let landlock_alone = "this kernel or container takes no filter of system calls: policies can \
                              make any that Landlock does not refuse";
        for landlock in [1, 4, 7] {
            assert_eq!(missing(landlock, FilterSupport::None), landlock_alone);
            assert!(!missing(landlock, FilterSupport::Told).contains(';'));
        }
    }
}
