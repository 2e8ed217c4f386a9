//! The groups of measurements.

use std::fmt;
use std::io;
use std::path::Path;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::results::Row;
use crate::rounds::Effort;
use crate::{
    builds, confinement, console, decisions, folders, http, libc, replay, shadow, start, suites,
    watch,
};

/// Figures that are measured together.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Group {
    /// Decisions in process, against other engines and code by hand
    Decisions,
    /// Pod security in process, against Rego
    Pods,
    /// Decisions in process by two threads
    Threads,
    /// Decisions over HTTP, and the memory that servers take for it
    Http,
    /// Decisions of a log, made once more
    Replay,
    /// From a server's start to its first answer
    Start,
    /// The static musl binary against one for glibc
    Libc,
    /// From an edited policy to an image, packing, and the image's size
    Builds,
    /// From an edited policy to its decisions, in `watch`
    Watch,
    /// Folders of 1, 10 and 100 policies
    Folders,
    /// Suites of cases, by `test`
    Suites,
    /// Decisions over HTTP with a shadow beside the policy
    Shadow,
    /// Start and decisions over HTTP with confinement and without
    Confinement,
    /// Decisions over HTTP with an open console and without, and its first page
    Console,
}

impl Group {
    pub(crate) const ALL: [Self; 14] = [
        Self::Decisions,
        Self::Pods,
        Self::Threads,
        Self::Http,
        Self::Replay,
        Self::Start,
        Self::Libc,
        Self::Builds,
        Self::Watch,
        Self::Folders,
        Self::Suites,
        Self::Shadow,
        Self::Confinement,
        Self::Console,
    ];

    /// True if the group is part of the short run.
    pub(crate) fn is_quick(self) -> bool {
        !matches!(self, Self::Libc | Self::Watch | Self::Folders)
    }

    /// Measures it, with `work` to build policies in.
    pub(crate) fn measure(self, effort: Effort, work: &Path) -> io::Result<Vec<Row>> {
        match self {
            Self::Decisions => decisions::requests(effort),
            Self::Pods => decisions::pods(effort),
            Self::Threads => decisions::threads(effort),
            Self::Http => http::measure(effort, work),
            Self::Replay => replay::measure(effort, work),
            Self::Start => start::measure(effort, work),
            Self::Libc => libc::measure(effort, work),
            Self::Builds => builds::measure(effort, work),
            Self::Watch => watch::measure(effort, work),
            Self::Folders => folders::measure(effort, work),
            Self::Suites => suites::measure(effort, work),
            Self::Shadow => shadow::measure(effort, work),
            Self::Confinement => confinement::measure(effort, work),
            Self::Console => console::measure(effort, work),
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_possible_value().as_ref().map_or("", |value| value.get_name()))
    }
}
