use std::borrow::Cow;

use policy_api::schemars::JsonSchema;
use serde::Deserialize;

/// A request, and the roles of its caller.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(crate = "policy_api::schemars")]
pub struct Request<'a> {
    /// The HTTP method, as `GET`.
    #[serde(borrow)]
    pub(crate) method: Cow<'a, str>,
    /// The path, as it stands in the request line.
    #[serde(borrow)]
    pub(crate) path: Cow<'a, str>,
    /// The caller's roles.
    #[serde(borrow, default)]
    pub(crate) roles: Vec<RoleName<'a>>,
}

// A plain `Cow` would not be borrowed inside the list.
/// A role's name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(crate = "policy_api::schemars")]
pub struct RoleName<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);
