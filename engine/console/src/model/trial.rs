use serde::Serialize;

use super::{MarkedText, ResultKind, Violation};

/// The page on which a policy is tried. Nothing of it is counted, logged or changed.
#[derive(Debug, Clone, Serialize)]
pub struct TrialPage {
    pub policies: Vec<PolicyChoice>,
    pub form: TrialForm,
    /// The form of the settings, by their schema; empty where there is none.
    pub fields: Vec<SettingsField>,
    /// The configuration to copy, as YAML.
    pub configuration: Option<String>,
    /// What is wrong with the form, with the settings or with the input.
    pub problems: Vec<String>,
    /// `None` before anything was tried.
    pub result: Option<TrialResult>,
}

/// A policy that may be chosen.
#[derive(Debug, Clone, Serialize)]
pub struct PolicyChoice {
    /// What the form sends: the id of what is served, or `name@version` of what is in the program.
    pub value: String,
    pub label: String,
    /// It is served, and has settings of its own.
    pub is_served: bool,
}

/// What was put into the form.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TrialForm {
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
    pub kind: FieldKind,
    pub value: String,
    pub required: bool,
    /// As JSON.
    pub default: Option<String>,
    pub description: String,
}

/// What a field takes.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FieldKind {
    Text,
    Number,
    Switch,
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
    pub side: TriedSide,
    pub other: Option<TriedSide>,
    /// What differs between the two, in words; empty if nothing does.
    pub differences: Vec<String>,
}

/// What one policy decided.
#[derive(Debug, Clone, Serialize)]
pub struct TriedSide {
    pub policy: String,
    pub version: String,
    pub settings_digest: String,
    pub verdict: ResultKind,
    pub violations: Vec<Violation>,
    /// JSON, indented.
    pub output: Option<String>,
    pub error: Option<String>,
    pub microseconds: Option<f64>,
    pub allocated_bytes: Option<u64>,
}
