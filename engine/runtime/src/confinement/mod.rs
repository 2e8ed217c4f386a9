//! Where the code of policies runs, and what this process keeps. How the kernel sees to it is the
//! business of `policy-confinement`.

mod earlier;
mod told;
mod zone;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::thread::Builder;

use policy_confinement::{Grants, Mode, Outcome, Rest, Supervisor, Support, Violation, spawn_zone};
use tracing::warn;
use uuid::Uuid;

pub(crate) use earlier::EarlierThreads;
pub(crate) use told::{counted, log};
pub(crate) use zone::{Begun, Zone, finish, mark_thread};

/// What is missing where the process had threads before it began.
const UNKNOWN_THREADS: &str = "threads ran before the program began, and nothing confines them: an \
                               emulator's, or those of a dependency that runs code before `main`";

/// The zones of this process.
#[derive(Debug)]
pub(crate) struct Confinement {
    pub(crate) mode: Mode,
    /// No other threads ran before the program began.
    are_all_known: bool,
    /// What this kernel made of it; nothing without confinement.
    support: Option<Support>,
    zones: BTreeMap<Grants, Zone>,
}

impl Confinement {
    /// Makes a zone for each of these grants, and one for policies without any. Must come before the
    /// code of any policy runs.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(
        mode: Mode,
        earlier: &EarlierThreads,
        grants: impl IntoIterator<Item = Grants>,
        on_violation: impl Fn(&Violation) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let are_all_known = earlier.are_all_known();
        let mut confinement = Self { mode, are_all_known, support: None, zones: BTreeMap::new() };
        if mode == Mode::Off {
            return Ok(confinement);
        }
        // Programs that are linked with glibc statically read random bytes from a file, which stays open
        // once it was: nobody could open it later.
        let _ = Uuid::new_v4();
        let write_log = earlier.write_log();
        let supervisor = Supervisor::new(move |violation| {
            on_violation(violation);
            // The process ends when this returns.
            if violation.outcome == Outcome::Ended {
                write_log();
            }
        });
        for grants in std::iter::once(Grants::NONE).chain(grants) {
            if confinement.zones.contains_key(&grants) {
                continue;
            }
            let (zone, orders) = Zone::new(grants);
            let keeper = Builder::new().name("zone".to_owned());
            let keep = move || zone::keep(&orders);
            let started = spawn_zone(&supervisor, mode, grants, keeper, keep)?;
            confinement.support = confinement.support.or(started.confined);
            confinement.zones.insert(grants, zone);
        }
        let missing = confinement.missing();
        if !missing.is_empty() {
            warn!("confinement: {}", missing.join("; "));
        }
        Ok(confinement)
    }

    /// What is missing for full confinement, a sentence each.
    pub(crate) fn missing(&self) -> Vec<&'static str> {
        let Some(support) = self.support else { return Vec::new() };
        let mut missing = support.missing();
        if !self.are_all_known {
            missing.push(UNKNOWN_THREADS);
        }
        missing
    }

    /// Keeps others from reading this process's memory, which holds keys and inputs.
    pub(crate) fn forbid_dumps(&self) {
        if self.mode == Mode::Enforce
            && let Err(error) = policy_confinement::forbid_dumps()
        {
            warn!("confinement: failed to keep others from reading this process's memory: {error}");
        }
    }

    /// The zones of policies with grants.
    pub(crate) fn granted(&self) -> impl Iterator<Item = &Zone> {
        self.zones.values().filter(|zone| !zone.grants().is_empty())
    }

    /// Has this thread and earlier ones keep what is named, and nothing else. What they start later
    /// keeps no more.
    pub(crate) fn keep(&self, rest: Rest, earlier: &EarlierThreads) {
        let mode = self.mode;
        let keep = move || {
            // How far this kernel goes was told when the zones were made.
            let _ = rest.apply(mode);
        };
        keep();
        earlier.each(&(Arc::new(keep) as _));
    }

    /// The zone of policies with these grants.
    pub(crate) fn zone(&self, grants: Grants) -> Zone {
        self.zones.get(&grants).cloned().unwrap_or_default()
    }
}
