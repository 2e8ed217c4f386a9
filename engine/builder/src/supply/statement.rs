//! An in-toto statement (<https://github.com/in-toto/attestation/tree/main/spec/v1>) whose predicate
//! is SLSA provenance (<https://slsa.dev/spec/v1.0/provenance>), as far as it is used here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(super) const STATEMENT: &str = "https://in-toto.io/Statement/v1";
pub(super) const PROVENANCE: &str = "https://slsa.dev/provenance/v1";

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Statement {
    #[serde(rename = "_type")]
    pub(super) kind: String,
    pub(super) subject: Vec<Resource>,
    pub(super) predicate_type: String,
    pub(super) predicate: Provenance,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Provenance {
    pub(super) build_definition: BuildDefinition,
    pub(super) run_details: RunDetails,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BuildDefinition {
    pub(super) build_type: String,
    pub(super) external_parameters: External,
    pub(super) internal_parameters: Internal,
    #[serde(default)]
    pub(super) resolved_dependencies: Vec<Resource>,
}

/// What the user asked for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct External {
    /// The target triple.
    pub(super) target: String,
    pub(super) engine_features: Vec<String>,
    /// The date of the image, as RFC 3339 has it.
    pub(super) created: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) revision: Option<String>,
}

/// What the builder chose.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Internal {
    /// The version of the engine.
    pub(super) engine: String,
    /// The compiler, as it names itself; `None` where another tool compiled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rustc: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) profile: Option<String>,
}

/// A resource descriptor: something that is named by digest.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Resource {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) uri: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) digest: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) annotations: Option<Annotations>,
}

/// What is said of a crate beside its digest.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Annotations {
    #[serde(rename = "crate")]
    pub(super) name: String,
    pub(super) version: String,
    pub(super) role: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RunDetails {
    pub(super) builder: Builder,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Builder {
    pub(super) id: String,
    #[serde(default)]
    pub(super) version: BTreeMap<String, String>,
}
