//! Decides which images pods may run, by registry, repository and digest: those of containers of
//! every sort, and those that are mounted as volumes.
//!
//! An image has to fit one of the settings' rules. In a repository pattern `*` stands for anything
//! within one segment and `**` for any number of segments; without a pattern any repository of the
//! registry will do. `digest` says whether images by this rule must be pinned by a digest, so that
//! they cannot change; where a rule does not say, `requireDigest` does.
//!
//! ```json
//! {
//!     "allowed": [
//!         {"registry": "ghcr.io", "repository": "acme/**", "digest": true},
//!         {"registry": "docker.io", "repository": "library/*"}
//!     ],
//!     "requireDigest": false
//! }
//! ```
//!
//! Images are read as container runtimes read them: `nginx` is `docker.io/library/nginx`. What is
//! no image reference is denied, and so is everything without settings.
//!
//! ```
//! let settings = r#"{"allowed": [{"registry": "ghcr.io", "repository": "acme/**"}]}"#;
//! let input = r#"{"kind": "Pod", "spec": {"containers": [{"name": "web", "image": "nginx"}]}}"#;
//! let decided = policy_api::decide::<allowed_registries::AllowedRegistries>(settings, input);
//! let output = decided.unwrap().output;
//! assert_eq!(output["violations"][0]["check"], "registry");
//! assert_eq!(output["violations"][0]["field"], "spec.containers[0].image");
//! ```

mod allowlist;
mod checks;
mod pattern;
mod policy;
mod reference;
mod settings;

pub use policy::AllowedRegistries;
pub use settings::{Rule, Settings};

policy_api::register!(AllowedRegistries);
