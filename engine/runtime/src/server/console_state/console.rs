use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use super::certificates::Certificates;
use super::listeners;
use super::page_places::PagePlaces;
use super::rates::RateHistory;
use super::reloads::Reloads;
use super::trial_places::TrialPlaces;
use crate::config::{Config, ConsoleConfig};
use crate::policies::Registry;
use crate::server::http::memory_budget::MemoryBudget;
use crate::server::listen::Listeners;

/// Bytes of requests for the console and of its pages that are there at one time.
const MEMORY: usize = 64 << 20;

/// The interval at which decisions are counted for the pages.
pub(crate) const INTERVAL: Duration = Duration::from_secs(5);

/// What the console knows beside the state of the server.
pub(crate) struct Console {
    pub(crate) config: ConsoleConfig,
    /// No other machine reaches it.
    pub(crate) is_loopback: bool,
    /// Every policy in this program.
    pub(crate) registry: Registry,
    pub(crate) memory: Arc<MemoryBudget>,
    pub(crate) pages: PagePlaces,
    pub(crate) trials: TrialPlaces,
    pub(crate) rates: RateHistory,
    pub(crate) reloads: Reloads,
    pub(crate) listeners: Vec<policy_console::Listener>,
    pub(crate) certificates: Option<Certificates>,
    pub(crate) host: String,
    pub(crate) started: (SystemTime, Instant),
    /// The digest of the program's file, where it can be read.
    pub(crate) program_digest: OnceLock<Option<String>>,
}

impl Console {
    pub(crate) fn new(
        console: &ConsoleConfig,
        config: &Config,
        registry: Registry,
        listeners: &Listeners,
    ) -> Self {
        Self {
            registry,
            is_loopback: console.listen.is_local(),
            config: console.clone(),
            memory: MemoryBudget::new(MEMORY),
            pages: PagePlaces::default(),
            trials: TrialPlaces::default(),
            rates: RateHistory::new(INTERVAL),
            reloads: Reloads::default(),
            listeners: listeners::listeners(config, listeners),
            certificates: listeners
                .certificate()
                .zip(config.tls.as_ref())
                .map(|(served, tls)| Certificates::new(served, tls.certificate.clone())),
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            started: (SystemTime::now(), Instant::now()),
            program_digest: OnceLock::new(),
        }
    }
}
