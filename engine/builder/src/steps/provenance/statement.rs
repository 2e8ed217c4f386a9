//! An in-toto statement (<https://github.com/in-toto/attestation/tree/main/spec/v1>), and the
//! predicate that is SLSA provenance (<https://slsa.dev/spec/v1.0/provenance>), as far as they are
//! used here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(crate) const STATEMENT: &str = "https://in-toto.io/Statement/v1";
pub(crate) const PROVENANCE: &str = "https://slsa.dev/provenance/v1";

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Statement<P = Provenance> {
    #[serde(rename = "_type")]
    pub(crate) kind: String,
    pub(crate) subject: Vec<Resource>,
    pub(crate) predicate_type: String,
    pub(crate) predicate: P,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Provenance {
    pub(crate) build_definition: BuildDefinition,
    pub(crate) run_details: RunDetails,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BuildDefinition {
    pub(crate) build_type: String,
    pub(crate) external_parameters: External,
    pub(crate) internal_parameters: Internal,
    #[serde(default)]
    pub(crate) resolved_dependencies: Vec<Resource>,
}

/// The parameters that the user chose.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct External {
    /// The target triple.
    pub(crate) target: String,
    pub(crate) engine_features: Vec<String>,
    /// The date of the image, as RFC 3339 has it.
    pub(crate) created: String,
    /// The compression of the layers. Images without it are older, and have gzip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) compression: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) revision: Option<String>,
}

/// The parameters that the builder chose.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Internal {
    /// The version of the engine.
    pub(crate) engine: String,
    /// The compiler, as it names itself; `None` where another tool compiled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rustc: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) profile: Option<String>,
}

/// A resource descriptor: something that is named by digest.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Resource {
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) uri: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) digest: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) annotations: Option<Annotations>,
}

/// The annotations of a crate.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Annotations {
    #[serde(rename = "crate")]
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) role: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RunDetails {
    pub(crate) builder: Builder,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Builder {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) version: BTreeMap<String, String>,
}
