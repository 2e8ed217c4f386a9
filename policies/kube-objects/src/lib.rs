//! Kubernetes objects, as far as policies judge them: what a policy for Kubernetes depends on.
//!
//! [`Object`] decodes any of them: a Pod, a workload that holds a pod template, a list, an
//! `AdmissionReview` of any of these, or an object that holds no pod at all. A policy walks the
//! pods that are to be judged by [`Object::for_each_pod`], and a pod's containers by
//! [`PodSpec::all_containers`]; each comes with its path, which is only written out for one of the
//! [`Violations`](policy_api::Violations).
//!
//! ```
//! use kube_objects::{Object, POD_RESOURCES};
//! use policy_api::{
//!     Check, Context, Decision, DecodeError, Error, KubernetesResources, NoSettings, Policy,
//!     Violations,
//! };
//!
//! const IMAGE: Check = Check::new("image", "Every container names its image");
//!
//! /// Denies containers without a name for their image.
//! struct Named;
//!
//! impl Policy for Named {
//!     type Settings = NoSettings;
//!     type Input<'a> = Object<'a>;
//!     type Output<'a> = Decision;
//!
//!     const CHECKS: &'static [Check] = &[IMAGE];
//!
//!     // The rules of its webhook: `describe NAME --format webhook`.
//!     const KUBERNETES_RESOURCES: KubernetesResources = POD_RESOURCES;
//!
//!     fn validate(_: NoSettings) -> Result<Self, Error> {
//!         Ok(Self)
//!     }
//!
//!     // Optional. It saves compile time: this crate has the decoder compiled.
//!     fn decode_input(input: &[u8]) -> Result<Object<'_>, DecodeError> {
//!         Object::from_json(input)
//!     }
//!
//!     fn execute<'a>(&'a self, object: Object<'a>, _: &Context<'a>) -> Result<Decision, Error> {
//!         let mut violations = Violations::new();
//!         object.for_each_pod(|path, pod| {
//!             for container in pod.spec().all_containers().filter(|it| it.image.is_none()) {
//!                 let field = format_args!("{path}{}.image", container.place);
//!                 violations.add(&IMAGE, field, "an image is missing");
//!             }
//!         });
//!         Ok(violations.into())
//!     }
//! }
//!
//! let deployment = r#"{"kind": "Deployment", "spec": {"template": {"spec": {
//!     "containers": [{"name": "web"}]
//! }}}}"#;
//! let output = policy_api::decide::<Named>("{}", deployment).unwrap().output;
//! assert_eq!(output["violations"][0]["field"], "spec.template.spec.containers[0].image");
//! ```
//!
//! # Admission
//!
//! This crate decides which part of an `AdmissionReview` is judged, for every policy alike, by the
//! rules of Kubernetes' own Pod Security admission:
//!
//! - nothing of an object that is deleted or connected to, of a pod's subresource that says nothing
//!   of its containers (`pods/status`, `pods/eviction`, …), and of any other object's subresource;
//! - of an update, a pod or a pod template of which something has changed that is decoded here. So
//!   one that is not allowed (any more) can be labelled, scaled and lose its finalizers;
//! - whatever else is asked about, with ephemeral containers and subresources that nobody knows yet.
//!
//! A policy that reads less than this crate decodes says by [`Object::for_each_pod_unless`] what has
//! to stay the same for a pod to need no judgement:
//!
//! ```
//! use kube_objects::{Object, Pod};
//!
//! fn images<'p>(pod: &'p Pod<'_>) -> impl Iterator<Item = Option<&'p str>> {
//!     pod.spec().all_containers().map(|container| container.get().image.as_deref())
//! }
//!
//! let label = r#"{"kind": "AdmissionReview", "request": {"operation": "UPDATE",
//!     "object": {"kind": "Pod", "metadata": {"labels": {"a": "b"}}, "spec": {"hostPID": true}},
//!     "oldObject": {"kind": "Pod", "spec": {}}}}"#;
//! let object: Object<'_> = serde_json::from_str(label).unwrap();
//! let mut judged = 0;
//! object.for_each_pod_unless(|pod, old| images(pod).eq(images(old)), |_, _| judged += 1);
//! assert_eq!(judged, 0);
//! object.for_each_pod(|_, _| judged += 1);
//! assert_eq!(judged, 1);
//! ```
//!
//! # Decoding
//!
//! Objects are read as an API server reads them. Whatever may be left out may be `null` too, so
//! every field is an `Option`, and an element of a list that is `null` is an empty one. Fields are
//! told apart by case, and those that no policy needs are skipped unread.

mod admission;
mod container;
mod decode;
mod kind;
mod null;
mod object;
mod path;
mod pod;
mod schema;
mod security;
mod text;
mod volume;
mod workload;

pub use admission::POD_RESOURCES;
pub use container::{Container, Handler, Lifecycle, Port, Target};
pub use object::{AdmissionRequest, Object};
pub use path::{Path, Place, Placed};
pub use pod::{ObjectMeta, Os, Pod, PodSpec};
pub use security::{
    Capabilities, Profile, SeLinuxOptions, SecurityContext, Sysctl, WindowsOptions,
};
pub use text::Text;
pub use volume::{ImageSource, Volume};
