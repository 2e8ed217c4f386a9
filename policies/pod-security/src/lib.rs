//! The Kubernetes [Pod Security Standards] as policies: `pod-security-baseline` prevents known
//! privilege escalations, and `pod-security-restricted` asks for hardened pods besides. They
//! decide as Kubernetes' own Pod Security admission does, for every version that it knows.
//!
//! Settings choose that version; by default it is the latest one:
//!
//! ```json
//! {"version": "v1.37"}
//! ```
//!
//! The input is any Kubernetes object, or an `AdmissionReview` of one. What holds no pod is
//! allowed. For each thing that a pod may not have, the answer names the check as Kubernetes does
//! and the exact field:
//!
//! ```
//! let input = r#"{"kind": "Pod", "spec": {"hostNetwork": true}}"#;
//! let decided = policy_api::decide::<pod_security::Baseline>("{}", input).unwrap();
//! assert_eq!(decided.output["allowed"], false);
//! assert_eq!(decided.output["violations"][0]["check"], "hostNamespaces");
//! assert_eq!(decided.output["violations"][0]["field"], "spec.hostNetwork");
//! ```
//!
//! [Pod Security Standards]: https://kubernetes.io/docs/concepts/security/pod-security-standards/

mod check;
mod checks;
mod policy;
mod report;
mod standard;
#[cfg(test)]
mod testing;
mod version;

pub use policy::{Baseline, Restricted, Settings};
pub use version::Version;

policy_api::register!(
    Baseline {
        name: "pod-security-baseline",
        description: "Denies pods that ask for known privilege escalations, by the Kubernetes Pod Security Standards (v1.0 to v1.37)",
    },
    Restricted {
        name: "pod-security-restricted",
        description: "Denies pods that are not hardened, by the Kubernetes Pod Security Standards (v1.0 to v1.37); includes the baseline",
    },
);
