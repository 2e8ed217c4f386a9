use serde::Serialize;
use serde_json::Value;

/// The settings of a policy.
#[derive(Debug, Clone, Serialize)]
pub struct Settings {
    /// `sha256:…` of all of them, with their secrets.
    pub digest: String,
    /// Without secrets, as JSON.
    pub value: Value,
    /// Where they come from, such as `policies.yaml:3:5`.
    pub from: String,
}

/// One setting of the server's configuration.
#[derive(Debug, Clone, Serialize)]
pub struct Setting {
    /// Such as `limits.body`.
    pub path: String,
    /// Without secrets; `None` where it is not set.
    pub value: Option<String>,
    /// Such as `policies.yaml:3:5`, `POLICY_ENGINE_LISTEN`, `--listen` or `default`.
    pub from: String,
}
