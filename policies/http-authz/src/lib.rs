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
//! # Paths
//!
//! A path is compared as it is written, without its query. One that a server could take for another
//! path is denied whoever asks, and a pattern like it is refused. These are, as characters and as
//! escapes, once or several times over:
//!
//! - a delimiter inside of a segment: `\`, `;`, `#`, an escaped `/`, `?`, `.` or `%`, control
//!   characters, and characters that Unicode or Windows turn into one of them, such as the
//!   full-width `／` or `¥`;
//! - a segment that is empty or blank, but for the last;
//! - a segment of dots alone, also of those that only look like dots, and whatever blanks, `+` or
//!   invisible characters are beside them;
//! - a segment that begins or ends with a blank, and a blank that is not escaped;
//! - an escape without its digits, and bytes that are not UTF-8.
//!
//! All else is part of a name, as are dots at its end: a server on Windows leaves those out, and
//! what a `*` stands for is a name all the same. A pattern must not name such a segment.
//!
//! Methods and roles are compared as they are written, too. `get` is not `GET`, and what has no
//! method's form is denied even where `*` allows any.

mod checks;
mod decision;
mod delimiters;
mod path;
mod pattern;
mod policy;
mod request;
mod roles;
mod settings;

pub use decision::Decision;
pub use policy::HttpAuthz;
pub use request::{Request, RoleName};
pub use settings::{Grant, Settings};

policy_api::register!(HttpAuthz);
