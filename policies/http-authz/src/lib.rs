//! Decides on an HTTP request by its method, its path and the caller's roles.
//!
//! The settings say what each role may do. In a path pattern `*` stands for one segment and, at
//! the end, `**` for any number of them, none included; `*` as a method stands for any:
//!
//! ```json
//! {"roles": {
//!     "viewer": [{"methods": ["GET", "HEAD"], "paths": ["/api/**"]}],
//!     "owner": [{"methods": ["*"], "paths": ["/api/v1/teams/*/members/**"]}]
//! }}
//! ```
//!
//! The answer says which role allows the request, or why none does. Without settings no request
//! is allowed.
//!
//! ```
//! let settings = r#"{"roles": {"viewer": [{"methods": ["GET"], "paths": ["/api/**"]}]}}"#;
//! let input = r#"{"method": "GET", "path": "/api/v1/pods?limit=5", "roles": ["viewer"]}"#;
//! let decided = policy_api::decide::<http_authz::HttpAuthz>(settings, input).unwrap();
//! assert_eq!(
//!     decided.output.to_string(),
//!     r#"{"allowed":true,"reason":"the role `viewer` allows it"}"#
//! );
//! ```
//!
//! A path is compared as it is written, without its query. One that servers could take for another
//! path, as by `..`, `//` or `%2f`, is denied whoever asks.

mod decision;
mod path;
mod pattern;
mod policy;
mod request;
mod roles;
mod settings;

pub use decision::Decision;
pub use policy::HttpAuthz;
pub use request::{Request, Role};
pub use settings::{Grant, Settings};

policy_api::register!(HttpAuthz);
