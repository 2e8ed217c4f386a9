use serde::Serialize;

use super::{Grant, Setting};

/// The server: its configuration, its limits and how near they are, and its build.
#[derive(Debug, Clone, Serialize)]
pub struct ServerPage {
    pub started: String,
    pub uptime_seconds: u64,
    /// It takes new requests.
    pub is_ready: bool,
    pub listeners: Vec<Listener>,
    pub certificates: Vec<Certificate>,
    pub limits: Vec<Limit>,
    pub decision_log: Option<DecisionLog>,
    pub confinement: Confinement,
    /// The last first.
    pub reloads: Vec<Reload>,
    pub settings: Vec<Setting>,
    pub build: Build,
}

/// An address that is listened on.
#[derive(Debug, Clone, Serialize)]
pub struct Listener {
    pub url: String,
    /// `decisions`, `diagnostics` or `console`.
    pub serves: &'static str,
    /// What clients have to show, such as `a token` or `a certificate`.
    pub asks_for: Vec<&'static str>,
}

/// A certificate of the server.
#[derive(Debug, Clone, Serialize)]
pub struct Certificate {
    pub file: String,
    pub not_after: String,
    /// Negative once it has expired.
    pub days_left: i64,
}

/// A limit, and how much of it is used.
#[derive(Debug, Clone, Serialize)]
pub struct Limit {
    /// The setting, such as `limits.in-flight`.
    pub setting: &'static str,
    pub used: u64,
    pub limit: u64,
    pub unit: Unit,
}

/// The unit of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    Count,
    Bytes,
}

/// The decision log and its losses.
#[derive(Debug, Clone, Serialize)]
pub struct DecisionLog {
    /// Such as `stdout`.
    pub to: String,
    pub written: u64,
    pub queued: u64,
    pub failures: u64,
    pub dropped: Vec<Dropped>,
}

/// Events that were lost for one reason.
#[derive(Debug, Clone, Serialize)]
pub struct Dropped {
    pub reason: String,
    pub events: u64,
}

/// The confinement of policies.
#[derive(Debug, Clone, Serialize)]
pub struct Confinement {
    /// `enforce`, `warn` or `off`.
    pub mode: String,
    /// What the kernel lacks.
    pub missing: Vec<String>,
    pub violations: Vec<Violated>,
}

/// Calls that a policy made and may not.
#[derive(Debug, Clone, Serialize)]
pub struct Violated {
    pub id: String,
    pub call: String,
    pub count: u64,
}

/// A load of the configuration.
#[derive(Debug, Clone, Serialize)]
pub struct Reload {
    pub at: String,
    /// What was wrong; empty if it was taken.
    pub mistakes: Vec<String>,
}

/// What this program was built from.
#[derive(Debug, Clone, Serialize)]
pub struct Build {
    pub engine: String,
    pub api: String,
    pub target: String,
    pub revision: Option<String>,
    /// `sha256:…` of the program's file, where it can be read.
    pub digest: Option<String>,
    pub crates: Vec<LinkedCrate>,
}

/// A crate of policies.
#[derive(Debug, Clone, Serialize)]
pub struct LinkedCrate {
    pub name: String,
    pub version: String,
    pub grants: Vec<Grant>,
}
