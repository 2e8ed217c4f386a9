//! The API that policy authors code against. It knows no configuration, no network and no files.
//!
//! A policy is a type that implements [`Policy`]: it is [`validate`](Policy::validate)d once, when
//! it is configured, and [`execute`](Policy::execute)s on each input. One line at the root of its
//! crate, [`register!`], puts it into every binary that the crate is linked into.
//!
//! ```
//! use policy_api::{Context, Error, NoSettings, Policy};
//! use serde::{Deserialize, Serialize};
//!
//! struct WorkingHours;
//!
//! #[derive(Deserialize)]
//! struct Request {
//!     hour: u8,
//! }
//!
//! #[derive(Serialize)]
//! struct Decision {
//!     allowed: bool,
//! }
//!
//! impl Policy for WorkingHours {
//!     type Settings = NoSettings;
//!     type Input<'a> = Request;
//!     type Output<'a> = Decision;
//!
//!     fn validate(_: NoSettings) -> Result<Self, Error> {
//!         Ok(Self)
//!     }
//!
//!     fn execute<'a>(&'a self, request: Request, _: &Context<'a>) -> Result<Decision, Error> {
//!         Ok(Decision { allowed: (9..17).contains(&request.hour) })
//!     }
//! }
//!
//! policy_api::register!(WorkingHours);
//! # fn main() {
//! # let decided = policy_api::decide::<WorkingHours>("{}", r#"{"hour": 9}"#).unwrap();
//! # assert_eq!(decided.verdict, Some(policy_api::Verdict::Allowed));
//! # }
//! ```
//!
//! An output that is a boolean, or an object with a boolean `allowed` or `allow`, is a
//! [`Verdict`]. Any other output is passed on as it is.

mod allowance;
mod context;
mod decide;
mod decode;
mod decode_error;
mod error;
mod evaluate;
mod meter;
mod metered;
mod nesting;
mod output;
mod policy;
mod registration;
mod schema;
mod verdict;
mod wording;

pub use allowance::Allowance;
pub use context::{Cancellation, Context};
pub use decide::{Decided, decide};
pub use decode::{decode, decode_seed};
pub use decode_error::DecodeError;
pub use error::Error;
pub use evaluate::{ConfigureError, Evaluate, EvaluateError};
pub use meter::{Refused, charge};
pub use metered::decoded_bytes;
pub use nesting::MAX_NESTING;
pub use policy::{KubernetesResources, NoSettings, Policy};
pub use registration::{Configure, Registration, registered};
#[cfg(feature = "schemars")]
pub use schema::schema_of;
pub use verdict::Verdict;
pub use wording::bounded;

#[cfg(feature = "schemars")]
pub use schemars;

/// This crate's version: what the engine was built with.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Items for the expansion of [`register!`] only.
#[doc(hidden)]
pub mod __private {
    pub use crate::registration::{REGISTERED, check};
    pub use linkme;
}
