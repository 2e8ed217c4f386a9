use policy_api::schemars::JsonSchema;
use serde::Deserialize;

/// The images that pods may run.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(crate = "policy_api::schemars")]
pub struct Settings {
    /// An image has to fit one of these; without any, none is allowed.
    #[serde(default)]
    pub(crate) allowed: Vec<Rule>,
    /// True if images must be pinned by digest where a rule does not say.
    #[serde(default)]
    pub(crate) require_digest: bool,
}

/// Images that are allowed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(crate = "policy_api::schemars")]
pub struct Rule {
    /// The registry's host, with its port if it has one: `ghcr.io`.
    pub(crate) registry: String,
    /// Its repositories: `*` is anything within one segment, `**` any number of segments.
    #[serde(default = "any_repository")]
    pub(crate) repository: String,
    /// True if images by this rule must be pinned by digest.
    pub(crate) digest: Option<bool>,
}

fn any_repository() -> String {
    "**".to_owned()
}
