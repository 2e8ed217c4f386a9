//! Kubernetes objects, as far as policies judge them.
//!
//! [`Object`] decodes any of them: a Pod, a workload that holds a pod template, a list, an
//! `AdmissionReview` of any of these, or an object that holds no pod at all. A policy walks its
//! pods by [`Object::for_each_pod`] and a pod's containers by [`PodSpec::all_containers`]; each
//! comes with its path, which is only written out for one of the [`Violations`].
//!
//! ```
//! let json = r#"{"kind": "Deployment", "spec": {"template": {"spec": {
//!     "containers": [{"name": "web", "image": "nginx"}]
//! }}}}"#;
//! let object: kube_objects::Object<'_> = serde_json::from_str(json).unwrap();
//! object.for_each_pod(|path, pod| {
//!     for container in pod.spec().all_containers() {
//!         let field = format!("{path}{}.image", container.place);
//!         assert_eq!(field, "spec.template.spec.containers[0].image");
//!     }
//! });
//! ```
//!
//! Whatever may be left out may be `null` too, as in Kubernetes, so every field is an `Option`.
//! Fields that no policy needs are skipped unread.

mod container;
mod decision;
mod decode;
mod kind;
mod object;
mod path;
mod pod;
mod schema;
mod security;
mod text;
mod volume;

pub use container::{Container, Handler, Lifecycle, Port, Target};
pub use decision::{Decision, Violations};
pub use object::Object;
pub use path::{Path, Place, Placed};
pub use pod::{Metadata, Os, Pod, PodSpec};
pub use security::{
    Capabilities, Profile, SeLinuxOptions, SecurityContext, Sysctl, WindowsOptions,
};
pub use text::Text;
pub use volume::{ImageSource, Volume};
