use serde::Serialize;

use super::{MarkedText, ResultKind, Violation};

/// The page on which a policy is tried. Nothing of it is counted, logged or changed.
#[derive(Debug, Clone, Serialize)]
pub struct TrialPage {
    /// What may be tried.
    pub policies: Vec<PolicyChoice>,
    /// What was put in.
    pub form: TrialForm,
    /// The form of the settings, by their schema; empty where there is none.
    pub fields: Vec<SettingsField>,
    /// The configuration to copy, as YAML.
    pub configuration: Option<String>,
    /// What is wrong with the form, with the settings or with the input.
    pub problems: Vec<String>,
    /// The settings were checked, and nothing is wrong with them.
    pub settings_are_valid: bool,
    /// `None` before anything was tried.
    pub result: Option<TrialResult>,
}

/// A policy that may be chosen.
#[derive(Debug, Clone, Serialize)]
pub struct PolicyChoice {
    /// What the form sends: the id of what is served, or `name@version` of what is in the program.
    pub value: String,
    /// What the reader chooses by.
    pub label: String,
    /// It is served, and has settings of its own.
    pub is_served: bool,
}

/// What was put into the form.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TrialForm {
    /// The value of a choice.
    pub policy: String,
    /// The policy beside it, if two are compared.
    pub other: String,
    /// YAML or JSON.
    pub input: String,
    /// YAML or JSON in place of the policy's own settings; empty for those.
    pub settings: String,
    /// The same for the policy beside it.
    pub other_settings: String,
}

/// One setting as a field of a form.
#[derive(Debug, Clone, Serialize)]
pub struct SettingsField {
    /// The name that the form sends, such as `set.version`.
    pub name: String,
    /// Such as `version`.
    pub path: String,
    /// What it takes.
    pub kind: FieldKind,
    /// What was put in; empty where it is not set.
    pub value: String,
    /// It has to be set.
    pub required: bool,
    /// As JSON.
    pub default: Option<String>,
    /// What it means.
    pub description: String,
}

/// What a field takes.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FieldKind {
    /// Any text.
    Text,
    /// A number.
    Number,
    /// `true` or `false`.
    Switch,
    /// One of these.
    Choice(Vec<String>),
    /// A value with parts, as JSON.
    Json,
    /// A secret, whose value is never shown.
    Secret,
}

/// What was decided.
#[derive(Debug, Clone, Serialize)]
pub struct TrialResult {
    /// The input with the violations of the first policy.
    pub input: MarkedText,
    /// What the policy decided.
    pub side: TriedSide,
    /// What the policy beside it decided, if two are compared.
    pub other: Option<TriedSide>,
    /// What differs between the two, in words; empty if nothing does.
    pub differences: Vec<String>,
}

/// What one policy decided.
#[derive(Debug, Clone, Serialize)]
pub struct TriedSide {
    /// The policy's own name.
    pub policy: String,
    /// The policy's version.
    pub version: String,
    /// `sha256:…` of the settings that it was tried with.
    pub settings_digest: String,
    /// Which settings those are, such as `as served`.
    pub settings_from: &'static str,
    /// What came of it.
    pub verdict: ResultKind,
    /// `enforce` or `monitor`.
    pub mode: &'static str,
    /// The reasons of a denial.
    pub violations: Vec<Violation>,
    /// Reasons beyond the first, which are not shown.
    pub omitted_violations: usize,
    /// JSON, indented.
    pub output: Option<String>,
    /// The error in place of a result.
    pub error: Option<String>,
    /// The time that it took; `None` with an error.
    pub microseconds: Option<f64>,
    /// The memory that it allocated, where that is counted.
    pub allocated_bytes: Option<u64>,
}
