use serde::Serialize;
use serde_json::Value;

use super::{Decision, PolicySummary, Settings};

/// One policy.
#[derive(Debug, Clone, Serialize)]
pub struct PolicyPage {
    /// What the list of policies has of it.
    #[serde(flatten)]
    pub summary: PolicySummary,
    /// The crate that it is in.
    #[serde(rename = "crate")]
    pub crate_name: String,
    /// The crate's version.
    pub crate_version: String,
    /// The crate's authors.
    pub authors: Vec<String>,
    /// The checks that it declares.
    pub checks: Vec<CheckSummary>,
    /// What its crate may do while it runs.
    pub grants: Vec<Grant>,
    /// What one evaluation may take.
    pub limits: PolicyLimits,
    /// The settings that it is served with.
    pub settings: Settings,
    /// What its settings may be, if it says so.
    pub settings_schema: Option<Schema>,
    /// What its input may be, if it says so.
    pub input_schema: Option<Schema>,
    /// Every version of it in this program, highest first.
    pub versions: Vec<String>,
    /// The shadow and what it decides.
    pub shadow_decisions: Option<Shadow>,
    /// The last of them first; `None` where decisions are not kept.
    pub last_denials: Option<Vec<Decision>>,
}

/// A check that the policy declares.
#[derive(Debug, Clone, Serialize)]
pub struct CheckSummary {
    /// Its id, such as `hostPorts`.
    pub id: String,
    /// How bad a violation is, such as `high`.
    pub severity: String,
    /// What it demands, in a sentence.
    pub summary: String,
    /// A page about it.
    pub url: Option<String>,
    /// Denials that named it, since the server started.
    pub denials: u64,
}

/// Something that a crate may do while it runs.
#[derive(Debug, Clone, Serialize)]
pub struct Grant {
    /// Such as `files of geo (std::fs::read)`.
    pub grant: String,
    /// The author's reason.
    pub reason: String,
}

/// What one evaluation may take.
#[derive(Debug, Clone, Serialize)]
pub struct PolicyLimits {
    /// Such as `2s`.
    pub timeout: String,
    /// Such as `64 MiB`.
    pub allocation_budget: Option<String>,
    /// Such as `1s`.
    pub cpu_budget: Option<String>,
    /// The stuck evaluations at which it is not asked any more.
    pub max_stuck: u64,
    /// It runs on threads of its own.
    pub blocking: bool,
}

/// A JSON Schema, as a table.
#[derive(Debug, Clone, Serialize)]
pub struct Schema {
    /// Its fields, those within others too.
    pub fields: Vec<SchemaField>,
    /// The schema itself.
    pub schema: Value,
}

/// One field of a schema, also within others.
#[derive(Debug, Clone, Serialize)]
pub struct SchemaField {
    /// Such as `spec.containers[].image`.
    pub path: String,
    /// Such as `string`, `integer or null`, or `one of "a", "b"`.
    pub kind: String,
    /// It has to be there.
    pub required: bool,
    /// As JSON.
    pub default: Option<String>,
    /// What it means.
    pub description: String,
}

/// A policy that is asked the same questions.
#[derive(Debug, Clone, Serialize)]
pub struct Shadow {
    /// Its own name.
    pub policy: String,
    /// Its version.
    pub version: String,
    /// The part of the questions that it is asked, such as `10%`.
    pub sample: String,
    /// By what the policy and its shadow decided, since the server started.
    pub outcomes: Vec<ShadowOutcome>,
    /// Questions that were not put to it, by reason.
    pub shed: Vec<Shed>,
}

/// Questions that were not put to a shadow for one reason.
#[derive(Debug, Clone, Serialize)]
pub struct Shed {
    /// `busy`, `full` or `suspended`.
    pub reason: &'static str,
    /// How many there were, at least one.
    pub questions: u64,
}

/// Decisions of one outcome that had one outcome of the shadow.
#[derive(Debug, Clone, Serialize)]
pub struct ShadowOutcome {
    /// Such as `allowed`.
    pub outcome: String,
    /// Such as `denied`.
    pub shadow_outcome: String,
    /// How many there were.
    pub decisions: u64,
}
