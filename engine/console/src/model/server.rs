use serde::Serialize;

use super::{Grant, Setting};

/// The server: its configuration, its limits and how near they are, and its build.
#[derive(Debug, Clone, Serialize)]
pub struct ServerPage {
    /// The moment when it started.
    pub started: String,
    /// The time since then.
    pub uptime_seconds: u64,
    /// It takes new requests.
    pub is_ready: bool,
    /// Where it listens.
    pub listeners: Vec<Listener>,
    /// The certificates that it shows to clients.
    pub certificates: Vec<Certificate>,
    /// Its limits, and how near they are.
    pub limits: Vec<Limit>,
    /// `None` where there is none.
    pub decision_log: Option<DecisionLog>,
    /// What policies are held to, and did all the same.
    pub confinement: Confinement,
    /// The last first.
    pub reloads: Vec<Reload>,
    /// Every setting, and where it comes from.
    pub settings: Vec<Setting>,
    /// What the program was built from.
    pub build: Build,
}

/// An address that is listened on.
#[derive(Debug, Clone, Serialize)]
pub struct Listener {
    /// Such as `https://0.0.0.0:8443`.
    pub url: String,
    /// `decisions`, `diagnostics` or `console`.
    pub serves: &'static str,
    /// What clients have to show, such as `a token` or `a certificate`.
    pub asks_for: Vec<&'static str>,
}

/// A certificate of the server.
#[derive(Debug, Clone, Serialize)]
pub struct Certificate {
    /// The file that it is in.
    pub file: String,
    /// The last moment at which it is valid.
    pub not_after: String,
    /// Negative once it has expired.
    pub days_left: i64,
}

/// A limit, and how much of it is used.
#[derive(Debug, Clone, Serialize)]
pub struct Limit {
    /// The setting, such as `limits.in-flight`.
    pub setting: &'static str,
    /// What is in use now.
    pub used: u64,
    /// What may be in use.
    pub limit: u64,
    /// What both are counted in.
    pub unit: Unit,
}

/// The unit of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Pieces, such as requests.
    Count,
    /// Bytes of memory.
    Bytes,
}

/// The decision log and its losses.
#[derive(Debug, Clone, Serialize)]
pub struct DecisionLog {
    /// Such as `stdout`.
    pub to: String,
    /// Events that were written.
    pub written: u64,
    /// Events that wait to be written.
    pub queued: u64,
    /// Attempts that failed.
    pub failures: u64,
    /// Events that were lost, by reason.
    pub dropped: Vec<Dropped>,
}

/// Events that were lost for one reason.
#[derive(Debug, Clone, Serialize)]
pub struct Dropped {
    /// Why they were lost.
    pub reason: String,
    /// How many there were.
    pub events: u64,
}

/// The confinement of policies.
#[derive(Debug, Clone, Serialize)]
pub struct Confinement {
    /// `enforce`, `warn` or `off`.
    pub mode: String,
    /// What the kernel lacks.
    pub missing: Vec<String>,
    /// Calls that policies made and may not.
    pub violations: Vec<Violated>,
}

/// Calls that a policy made and may not.
#[derive(Debug, Clone, Serialize)]
pub struct Violated {
    /// The id of the policy.
    pub id: String,
    /// The call, such as `openat`.
    pub call: String,
    /// How often it was made.
    pub count: u64,
}

/// A load of the configuration.
#[derive(Debug, Clone, Serialize)]
pub struct Reload {
    /// The moment of it.
    pub at: String,
    /// What was wrong; empty if it was taken.
    pub mistakes: Vec<String>,
}

/// What this program was built from.
#[derive(Debug, Clone, Serialize)]
pub struct Build {
    /// The engine's version.
    pub engine: String,
    /// The version of the API that policies are written for.
    pub api: String,
    /// The platform, such as `x86_64-unknown-linux-musl`.
    pub target: String,
    /// The revision of the sources, where the build knew it.
    pub revision: Option<String>,
    /// `sha256:…` of the program's file, where it can be read.
    pub digest: Option<String>,
    /// The crates of policies in it.
    pub crates: Vec<LinkedCrate>,
}

/// A crate of policies.
#[derive(Debug, Clone, Serialize)]
pub struct LinkedCrate {
    /// The crate's name.
    pub name: String,
    /// The crate's version.
    pub version: String,
    /// What it may do while it runs.
    pub grants: Vec<Grant>,
}
