use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::documents::located::Origin;
use crate::policies::{Budget, PolicyRef, Settings};

/// Everything that may be set, checked.
#[derive(Debug)]
pub(crate) struct Config {
    /// The addresses for decisions.
    pub(crate) listen: Vec<Address>,
    /// The addresses for health and metrics alone, without a token.
    pub(crate) diagnostic_listen: Vec<Address>,
    /// The permissions of unix sockets, such as `0o660`.
    pub(crate) unix_socket_mode: u32,
    /// The files for `https` addresses.
    pub(crate) tls: Option<Tls>,
    /// A file of bearer tokens, one a line; nobody is asked for one where there is none.
    pub(crate) tokens: Option<PathBuf>,
    pub(crate) limits: Limits,
    pub(crate) shutdown: Shutdown,
    /// The policies as they are served, sorted by id.
    pub(crate) policies: PolicySelection,
    /// What holds for policies of the program that are not among them, where they are tried.
    pub(crate) policy_defaults: PolicyDefaults,
    /// The decision that `POST /` asks for.
    pub(crate) default_decision: Option<DefaultDecision>,
    /// Serve the other policies where some are not valid.
    pub(crate) skip_invalid: bool,
    pub(crate) decision_log: Option<DecisionLogConfig>,
    pub(crate) console: Option<ConsoleConfig>,
    /// How the code of policies is confined.
    pub(crate) confinement: policy_confinement::Mode,
}

/// The console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConsoleConfig {
    /// Its address, perhaps one of those for diagnostics.
    pub(crate) listen: Address,
    /// Bytes of memory for the last decisions; none are kept without.
    pub(crate) decisions: Option<usize>,
    /// Policies can be tried.
    pub(crate) try_it: bool,
}

/// The decision for requests that name no policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DefaultDecision {
    /// A path as below `/v0/data/`: an id, perhaps with a version and a field of the answer.
    pub(crate) path: String,
    pub(crate) origin: Origin,
}

/// An address to listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    /// `http://127.0.0.1:8181`, or without the scheme.
    Http(SocketAddr),
    /// `https://0.0.0.0:8443`
    Https(SocketAddr),
    /// `unix:///run/policy-engine/http.sock`
    Unix(PathBuf),
}

/// A target that only one socket can be bound to.
#[derive(PartialEq, Eq, Hash)]
pub(super) enum BindTarget<'a> {
    Port(SocketAddr),
    Path(&'a Path),
}

impl Address {
    /// True if no other machine reaches it.
    pub(crate) fn is_local(&self) -> bool {
        match self {
            Self::Http(at) | Self::Https(at) => at.ip().to_canonical().is_loopback(),
            Self::Unix(_) => true,
        }
    }

    /// The target of the socket; `None` for port 0, which stands for any that is free.
    pub(super) fn place(&self) -> Option<BindTarget<'_>> {
        match self {
            Self::Http(at) | Self::Https(at) => (at.port() != 0).then_some(BindTarget::Port(*at)),
            Self::Unix(path) => Some(BindTarget::Path(path)),
        }
    }
}

/// Files in PEM, read again when they change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tls {
    /// The server's certificate, and those between it and its authority.
    pub(crate) certificate: PathBuf,
    /// Its private key.
    pub(crate) key: PathBuf,
    /// The authorities of clients' certificates; clients need none where there is no such file.
    pub(crate) client_ca: Option<PathBuf>,
}

/// The limits on clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Open connections.
    pub(crate) connections: usize,
    /// Requests that are decided on at one time.
    pub(crate) in_flight: usize,
    /// Requests that wait until they are.
    pub(crate) queue: usize,
    /// The longest time that one waits.
    pub(crate) queue_time: Duration,
    /// Bytes of a request's body, also once it is inflated.
    pub(crate) body: usize,
    /// Bytes of memory for all connections, requests and answers together: what is received, what
    /// is decoded of it, and what is written, each while it is there.
    pub(crate) bodies: usize,
    /// Bytes of memory for questions that wait for shadows, and for what shadows decode of them.
    pub(crate) shadows: usize,
    /// The time from a connection's beginning to the end of its first request's head.
    pub(crate) header_time: Duration,
    /// The time from the end of the head to the end of the body.
    pub(crate) body_time: Duration,
    /// Without a request that is being answered, until the connection is closed.
    pub(crate) idle_time: Duration,
}

/// The phases of a shutdown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shutdown {
    /// Not ready, but still answering, for those who have not heard of it yet.
    pub(crate) wait: Duration,
    /// The time for requests in flight and decision logs, after that.
    pub(crate) grace: Duration,
}

/// The policies to serve.
#[derive(Debug, Clone)]
pub(crate) enum PolicySelection {
    /// Every policy in the binary, under its own name, with nothing set.
    All {
        /// The time-out of each of them.
        timeout: Duration,
        /// Likewise.
        max_stuck: usize,
        /// Likewise.
        budget: Budget,
    },
    /// These, by their ids.
    Named(BTreeMap<String, Arc<PolicyConfig>>),
}

/// What one evaluation of a policy may take that sets nothing of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PolicyDefaults {
    pub(crate) timeout: Duration,
    pub(crate) budget: Budget,
}

/// One policy as it is to be served.
#[derive(Debug)]
pub(crate) struct PolicyConfig {
    /// The policy in this binary.
    pub(crate) policy: PolicyRef,
    /// The settings, with their place in the file for the policy's errors.
    pub(crate) settings: Settings,
    /// The time after which the caller gets an error.
    pub(crate) timeout: Duration,
    pub(crate) mode: Mode,
    /// Run on threads of its own; the policy's own wish where nothing is set.
    pub(crate) blocking: Option<bool>,
    /// The number of overrunning evaluations at which the policy is suspended.
    pub(crate) max_stuck: usize,
    /// The most that an evaluation may use.
    pub(crate) budget: Budget,
    /// The policy that is asked the same questions, to see what it would change.
    pub(crate) shadow: Option<ShadowConfig>,
    /// The places of the entry and of its policy, for errors in either.
    pub(crate) origin: Origin,
    pub(crate) policy_origin: Origin,
}

/// A policy that is asked beside another one.
#[derive(Debug)]
pub(crate) struct ShadowConfig {
    /// The policy in this binary.
    pub(crate) policy: PolicyRef,
    pub(crate) settings: Settings,
    pub(crate) sample: Sample,
    /// The places of the shadow and of its policy, for errors in either.
    pub(crate) origin: Origin,
    pub(crate) policy_origin: Origin,
}

/// The share of questions that a shadow is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sample {
    per_million: usize,
}

impl Sample {
    /// All questions, per million.
    pub(crate) const ALL: usize = 1_000_000;

    /// So many of a million questions; all of them at most.
    pub(crate) fn from_per_million(per_million: usize) -> Self {
        Self { per_million: per_million.min(Self::ALL) }
    }

    /// Questions of a million.
    pub(crate) fn per_million(self) -> usize {
        self.per_million
    }
}

/// As it is written in a configuration, such as `12.5%`.
impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = Self::ALL / 100;
        write!(f, "{}", self.per_million / percent)?;
        match self.per_million % percent {
            0 => {}
            rest => write!(f, ".{}", format!("{rest:04}").trim_end_matches('0'))?,
        }
        f.write_str("%")
    }
}

/// The effect of a denial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It denies.
    Enforce,
    /// It is logged, counted, and answered as allowed.
    Monitor,
}

impl Mode {
    /// The name as it is written.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Monitor => "monitor",
        }
    }
}

/// The destination and the contents of the decision log.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DecisionLogConfig {
    pub(crate) to: LogDestination,
    /// Labels of every event, beside `id` and `version`.
    pub(crate) labels: BTreeMap<String, String>,
    /// JSON pointers below `/input` and `/result` of what is left out. `*` stands for every
    /// element.
    pub(crate) erase: Vec<String>,
    /// JSON pointers of what is replaced, each with the replacement.
    pub(crate) mask: BTreeMap<String, serde_json::Value>,
    /// Bytes of events that wait to be written.
    pub(crate) buffer: usize,
    pub(crate) when_full: WhenFull,
}

/// The destination of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LogDestination {
    /// `stdout`: a line of JSON an event.
    Stdout,
    /// A file's path: likewise.
    File(PathBuf),
    /// A URL, to which `/logs` is added: as OPA uploads them.
    Collector(CollectorConfig),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CollectorConfig {
    /// Without `/logs`.
    pub(crate) url: String,
    /// A file with a bearer token, read again for each upload.
    pub(crate) token: Option<PathBuf>,
    /// A file with the certificates of authorities, in PEM; the system's where there is none.
    pub(crate) ca: Option<PathBuf>,
    /// Bytes of an upload, before it is compressed.
    pub(crate) upload: usize,
    /// The time that events wait for others to go with.
    pub(crate) delay: Duration,
    /// The time for one upload.
    pub(crate) timeout: Duration,
    /// The longest time between two attempts.
    pub(crate) max_retry_delay: Duration,
}

/// The handling of an event that there is no room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhenFull {
    /// It is dropped and counted.
    Drop,
    /// The answer waits until there is room.
    Wait,
}
