use schemars::JsonSchema;
use serde::Deserialize;

use crate::{SecurityContext, Text, null};

/// A container of any sort. What few containers have lies apart: there may be many in a list.
#[derive(Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Container<'a> {
    /// Its name in the pod.
    #[serde(borrow)]
    pub name: Option<Text<'a>>,
    /// The image that it runs.
    #[serde(borrow)]
    pub image: Option<Text<'a>>,
    /// The rights of the container.
    #[serde(borrow)]
    pub security_context: Option<Box<SecurityContext<'a>>>,
    /// The ports that it listens on.
    #[serde(default, deserialize_with = "null::list")]
    pub ports: Option<Vec<Port>>,
    /// The liveness probe.
    #[serde(borrow)]
    pub liveness_probe: Option<Box<Handler<'a>>>,
    /// The readiness probe.
    #[serde(borrow)]
    pub readiness_probe: Option<Box<Handler<'a>>>,
    /// The startup probe.
    #[serde(borrow)]
    pub startup_probe: Option<Box<Handler<'a>>>,
    /// The handlers after its start and before its end.
    #[serde(borrow)]
    pub lifecycle: Option<Box<Lifecycle<'a>>>,
}

/// A port of a container.
#[derive(Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Port {
    /// The host's port that leads to it; 0 is none.
    pub host_port: Option<i32>,
}

/// The handlers at the two ends of a container's life.
#[derive(Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Lifecycle<'a> {
    /// Right after the start.
    #[serde(borrow)]
    pub post_start: Option<Handler<'a>>,
    /// Before the end.
    #[serde(borrow)]
    pub pre_stop: Option<Handler<'a>>,
}

/// An action of the kubelet, to probe a container or at an end of its life.
#[derive(Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Handler<'a> {
    /// A request.
    #[serde(borrow)]
    pub http_get: Option<Target<'a>>,
    /// A connection.
    #[serde(borrow)]
    pub tcp_socket: Option<Target<'a>>,
}

/// A target that the kubelet connects to.
#[derive(Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct Target<'a> {
    /// Another host than the pod.
    #[serde(borrow)]
    pub host: Option<Text<'a>>,
}
