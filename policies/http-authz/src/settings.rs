use std::collections::BTreeMap;

use policy_api::schemars::JsonSchema;
use serde::Deserialize;

/// The rules of each role.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(crate = "policy_api::schemars")]
pub struct Settings {
    /// Role by role, what it grants; a role that is not here grants nothing.
    #[serde(default)]
    pub(crate) roles: BTreeMap<String, Vec<Grant>>,
}

/// Requests that are allowed: any of these methods on any of these paths.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(crate = "policy_api::schemars")]
pub struct Grant {
    /// HTTP methods such as `GET`, or `*` for any.
    pub(crate) methods: Vec<String>,
    /// Path patterns: `*` is one segment, and a last `**` any number of them.
    pub(crate) paths: Vec<String>,
}
