//! What the threads that do the rest keep.

use std::path::PathBuf;

use crate::domain::{self, Reach};
use crate::filter::FilterSupport;
use crate::filter::{self, Kept, rest_filter};
use crate::mode::Mode;
use crate::support::Support;

/// Files by which names are looked up and time zones are known.
const NAME_LOOKUP: [&str; 6] = [
    "/etc/hosts",
    "/etc/resolv.conf",
    "/etc/nsswitch.conf",
    "/etc/services",
    "/etc/host.conf",
    "/etc/gai.conf",
];

/// What the calling thread keeps when it confines itself, with those that it starts later.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rest {
    /// Files and folders that it reads. Those that are not there when it confines itself stay out of
    /// reach.
    pub read: Vec<PathBuf>,
    /// Files and folders that it changes, and folders in which it makes new ones.
    pub write: Vec<PathBuf>,
    /// TCP ports that it connects to; `None` for any.
    pub connect: Option<Vec<u16>>,
    /// TCP ports that it listens on; `None` for any.
    pub bind: Option<Vec<u16>>,
    /// It makes sockets.
    pub sockets: bool,
    /// It starts programs.
    pub processes: bool,
}

impl Rest {
    /// Adds what name lookups read.
    #[must_use]
    pub fn with_name_lookup(mut self) -> Self {
        self.read.extend(NAME_LOOKUP.map(PathBuf::from));
        self
    }

    /// Confines the calling thread, as far as this kernel goes. It must not have started other threads
    /// that are to be confined, too. Does nothing unless the mode is [`Mode::Enforce`].
    #[must_use]
    pub fn apply(&self, mode: Mode) -> Option<Support> {
        if mode != Mode::Enforce {
            return None;
        }
        let reach = Reach {
            read: &self.read,
            write: &self.write,
            execute: self.processes,
            connect: self.connect.as_deref(),
            bind: self.bind.as_deref(),
        };
        let landlock = if domain::restrict_to(&reach).is_ok() { domain::version() } else { 0 };
        let kept = Kept { sockets: self.sockets, processes: self.processes };
        let is_filtered =
            seccompy::set_no_new_privileges().is_ok() && filter::install(&rest_filter(kept));
        let filter = if is_filtered { FilterSupport::Silent } else { FilterSupport::None };
        Some(Support { landlock, filter })
    }
}
