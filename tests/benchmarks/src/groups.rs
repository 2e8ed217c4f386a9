//! The groups of measurements.

use std::fmt;
use std::io;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::results::Row;
use crate::setup::Setup;
use crate::{
    builds, cold, confinement, console, decisions, folders, http, latency, libc, replay, rest,
    shadow, start, suites, watch,
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
    /// Latencies over HTTP at fixed rates
    Latency,
    /// Decisions over HTTP as fast as servers answer, and the memory that they take for it
    Http,
    /// A server that is asked nothing: wake-ups and processor time
    Rest,
    /// Decisions of a log, made once more
    Replay,
    /// From a server's start to its first answer
    Start,
    /// The static musl binary against one for glibc
    Libc,
    /// The first build on a machine, and that of a second folder
    Cold,
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
    pub(crate) const ALL: [Self; 17] = [
        Self::Decisions,
        Self::Pods,
        Self::Threads,
        Self::Latency,
        Self::Http,
        Self::Rest,
        Self::Replay,
        Self::Start,
        Self::Libc,
        Self::Cold,
        Self::Builds,
        Self::Watch,
        Self::Folders,
        Self::Suites,
        Self::Shadow,
        Self::Confinement,
        Self::Console,
    ];

    /// True if the group is part of the short run. For the others the engine, or a load generator, has
    /// to be compiled first.
    pub(crate) fn is_quick(self) -> bool {
        !matches!(self, Self::Latency | Self::Libc | Self::Cold | Self::Watch | Self::Folders)
    }

    /// Measures it.
    pub(crate) fn measure(self, setup: &Setup) -> io::Result<Vec<Row>> {
        match self {
            Self::Decisions => decisions::requests(setup),
            Self::Pods => decisions::pods(setup),
            Self::Threads => decisions::threads(setup),
            Self::Latency => latency::measure(setup),
            Self::Http => http::measure(setup),
            Self::Rest => rest::measure(setup),
            Self::Replay => replay::measure(setup),
            Self::Start => start::measure(setup),
            Self::Libc => libc::measure(setup),
            Self::Cold => cold::measure(setup),
            Self::Builds => builds::measure(setup),
            Self::Watch => watch::measure(setup),
            Self::Folders => folders::measure(setup),
            Self::Suites => suites::measure(setup),
            Self::Shadow => shadow::measure(setup),
            Self::Confinement => confinement::measure(setup),
            Self::Console => console::measure(setup),
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_possible_value().as_ref().map_or("", |value| value.get_name()))
    }
}
