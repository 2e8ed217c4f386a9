use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::path::{Place, Placed, placed};
use crate::{Container, SecurityContext, Text, Volume, null};

/// A pod, or the template of one.
#[derive(Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct Pod<'a> {
    #[serde(borrow)]
    pub(crate) metadata: Option<ObjectMeta<'a>>,
    #[serde(borrow)]
    pub(crate) spec: Option<PodSpec<'a>>,
}

impl<'a> Pod<'a> {
    /// The spec; that of a pod without one asks for nothing.
    #[must_use]
    pub fn spec(&self) -> &PodSpec<'a> {
        const EMPTY: &PodSpec<'_> = &PodSpec::EMPTY;
        self.spec.as_ref().unwrap_or(EMPTY)
    }

    /// The annotations, by name; one that is `null` is empty.
    pub fn annotations(&self) -> impl Iterator<Item = (&str, &str)> {
        self.annotation_map()
            .into_iter()
            .flatten()
            .map(|(name, value)| (&**name, value.as_deref().unwrap_or_default()))
    }

    /// Returns whether there are annotations at all.
    #[must_use]
    pub fn is_annotated(&self) -> bool {
        self.annotation_map().is_some_and(|annotations| !annotations.is_empty())
    }

    fn annotation_map(&self) -> Option<&BTreeMap<Text<'a>, Option<Text<'a>>>> {
        self.metadata.as_ref()?.annotations.as_ref()
    }
}

/// The metadata of a pod.
#[derive(Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct ObjectMeta<'a> {
    /// Free text by name.
    #[serde(borrow)]
    pub annotations: Option<BTreeMap<Text<'a>, Option<Text<'a>>>>,
}

/// The specification of a pod.
#[derive(Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PodSpec<'a> {
    /// Run to completion before the others start.
    #[serde(borrow, default, deserialize_with = "null::list")]
    pub init_containers: Option<Vec<Container<'a>>>,
    /// The pod's own.
    #[serde(borrow, default, deserialize_with = "null::list")]
    pub containers: Option<Vec<Container<'a>>>,
    /// Added to a running pod, to debug it.
    #[serde(borrow, default, deserialize_with = "null::list")]
    pub ephemeral_containers: Option<Vec<Container<'a>>>,
    /// The volumes that containers can mount.
    #[serde(borrow, default, deserialize_with = "null::list")]
    pub volumes: Option<Vec<Volume<'a>>>,
    /// The security context of every container that does not say otherwise.
    #[serde(borrow)]
    pub security_context: Option<SecurityContext<'a>>,
    /// Share the host's network.
    pub host_network: Option<bool>,
    /// Share the host's process ids.
    #[serde(rename = "hostPID")]
    pub host_pid: Option<bool>,
    /// Share the host's interprocess communication.
    #[serde(rename = "hostIPC")]
    pub host_ipc: Option<bool>,
    /// `false` puts the pod into a user namespace of its own.
    pub host_users: Option<bool>,
    /// The operating system it is made for.
    #[serde(borrow)]
    pub os: Option<Os<'a>>,
}

impl<'a> PodSpec<'a> {
    const EMPTY: Self = Self {
        init_containers: None,
        containers: None,
        ephemeral_containers: None,
        volumes: None,
        security_context: None,
        host_network: None,
        host_pid: None,
        host_ipc: None,
        host_users: None,
        os: None,
    };

    /// Every container, of whatever sort.
    pub fn all_containers(&self) -> impl Iterator<Item = Placed<'_, Container<'a>>> {
        placed("initContainers", self.init_containers.as_ref())
            .chain(placed("containers", self.containers.as_ref()))
            .chain(placed("ephemeralContainers", self.ephemeral_containers.as_ref()))
    }

    /// Every volume.
    pub fn all_volumes(&self) -> impl Iterator<Item = Placed<'_, Volume<'a>>> {
        placed("volumes", self.volumes.as_ref())
    }

    /// Every security context that is given: the pod's, then the containers'.
    pub fn security_contexts(&self) -> impl Iterator<Item = Placed<'_, SecurityContext<'a>>> {
        let of_pod = self.security_context.iter().map(|value| Placed { place: Place::Spec, value });
        let of_containers = self.all_containers().filter_map(|Placed { place, value }| {
            value.security_context.as_deref().map(|value| Placed { place, value })
        });
        of_pod.chain(of_containers)
    }

    /// Returns whether the pod is made for Windows.
    #[must_use]
    pub fn is_windows(&self) -> bool {
        self.os.as_ref().and_then(|os| os.name.as_deref()) == Some("windows")
    }

    /// Returns whether the pod has a user namespace of its own, where root is not the host's root.
    #[must_use]
    pub fn is_in_user_namespace(&self) -> bool {
        self.host_users == Some(false)
    }
}

/// The operating system of a pod.
#[derive(Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct Os<'a> {
    /// `linux` or `windows`.
    #[serde(borrow)]
    pub name: Option<Text<'a>>,
}
