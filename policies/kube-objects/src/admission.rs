//! The requests of an API server, and the part of each that is judged: as Kubernetes' own Pod
//! Security admission decides that.

use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::{AdmissionRequest, Object, Text};

/// The resources that hold pods, by the `apiVersion` of each: what a webhook has to be asked about
/// by an API server. `pods/ephemeralcontainers` is where `kubectl debug` adds containers.
///
/// A policy declares them by `const KUBERNETES_RESOURCES`.
pub const POD_RESOURCES: &[(&str, &[&str])] = &[
    ("v1", &["pods", "pods/ephemeralcontainers", "podtemplates", "replicationcontrollers"]),
    ("apps/v1", &["daemonsets", "deployments", "replicasets", "statefulsets"]),
    ("batch/v1", &["cronjobs", "jobs"]),
];

/// The subresources of pods that say nothing of containers. Of any other the object is a pod, and
/// judged: so one that a later Kubernetes adds gets past nobody.
const IGNORED_POD_SUBRESOURCES: [&str; 8] =
    ["exec", "attach", "binding", "eviction", "log", "portforward", "proxy", "status"];

/// The fields of a request that decide what is to be judged.
#[derive(Default)]
struct Request<'a> {
    operation: Option<Text<'a>>,
    resource: Option<Resource<'a>>,
    sub_resource: Option<Text<'a>>,
    object: Option<Box<Object<'a>>>,
    old_object: Option<Box<Object<'a>>>,
}

#[derive(Debug, Deserialize)]
struct Resource<'a> {
    #[serde(borrow)]
    group: Option<Text<'a>>,
    #[serde(borrow)]
    resource: Option<Text<'a>>,
}

impl Resource<'_> {
    fn is_pods(&self) -> bool {
        self.group.as_deref().unwrap_or_default().is_empty()
            && self.resource.as_deref() == Some("pods")
    }
}

impl<'a> Request<'a> {
    /// The subresource, where there is one.
    fn sub_resource(&self) -> Option<&str> {
        self.sub_resource.as_deref().filter(|name| !name.is_empty())
    }

    /// Returns whether nothing of the objects is to be judged, whatever they are.
    fn is_ignored(&self) -> bool {
        matches!(self.operation.as_deref(), Some("DELETE" | "CONNECT"))
            || self.sub_resource().is_some_and(|name| IGNORED_POD_SUBRESOURCES.contains(&name))
    }

    fn judged<E: Error>(self) -> Result<AdmissionRequest<'a>, E> {
        if self.is_ignored() {
            return Ok(AdmissionRequest::default());
        }
        let Some(object) = &self.object else {
            return Err(match &self.operation {
                Some(operation) => E::custom(format_args!(
                    "a request to `{operation}` without its `object`: only a `DELETE` has none"
                )),
                None => E::custom("a request without an `operation` and an `object`"),
            });
        };
        if let Some(name) = self.sub_resource()
            && let Some(resource) = &self.resource
            && !object.is_pod()
        {
            if resource.is_pods() {
                return Err(E::custom(format_args!(
                    "a request for `pods/{name}` whose `object` is not a Pod"
                )));
            }
            return Ok(AdmissionRequest::default());
        }
        let is_update = self.operation.as_deref() == Some("UPDATE");
        let old_object = self.old_object.filter(|_| is_update);
        Ok(AdmissionRequest { object: self.object, old_object })
    }
}

/// Written by hand, as objects that are not judged are not decoded either: nothing in them can keep
/// anybody from deleting them.
impl<'de: 'a, 'a> Deserialize<'de> for AdmissionRequest<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = AdmissionRequest<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the request of an AdmissionReview")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut request = Request::default();
                while let Some(key) = map.next_key::<Text<'de>>()? {
                    match &*key {
                        "operation" => once(&mut request.operation, &mut map, "operation")?,
                        "resource" => once(&mut request.resource, &mut map, "resource")?,
                        "subResource" => once(&mut request.sub_resource, &mut map, "subResource")?,
                        "object" | "oldObject" if request.is_ignored() => {
                            map.next_value::<IgnoredAny>()?;
                        }
                        // Of a creation there is no old object.
                        "oldObject"
                            if request
                                .operation
                                .as_deref()
                                .is_some_and(|operation| operation != "UPDATE") =>
                        {
                            map.next_value::<IgnoredAny>()?;
                        }
                        "object" => once(&mut request.object, &mut map, "object")?,
                        "oldObject" => once(&mut request.old_object, &mut map, "oldObject")?,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                request.judged()
            }
        }
        // Not as a map: its fields are not kept as one.
        deserializer.deserialize_struct("AdmissionRequest", &[], Fields)
    }
}

/// Decodes a field that may be there once; `null` is as good as absent.
fn once<'de, A: MapAccess<'de>, T: Deserialize<'de>>(
    field: &mut Option<T>,
    map: &mut A,
    name: &'static str,
) -> Result<(), A::Error> {
    if field.is_some() {
        return Err(A::Error::duplicate_field(name));
    }
    *field = map.next_value()?;
    Ok(())
}
