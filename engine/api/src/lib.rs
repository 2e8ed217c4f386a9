//! The API that policy authors code against. It knows no configuration, no network and no files.
//!
//! A policy is a function from an input to an answer. One line at the root of its crate,
//! [`register!`], puts it into every binary that the crate is linked into:
//!
//! ```
//! use policy_api::Decision;
//! use serde::Deserialize;
//!
//! #[derive(Deserialize)]
//! struct Request {
//!     hour: u8,
//! }
//!
//! fn working_hours(request: Request) -> Decision {
//!     match request.hour {
//!         9..17 => Decision::allow(),
//!         hour => Decision::deny(format!("it is {hour} o'clock")),
//!     }
//! }
//!
//! policy_api::register!(fn working_hours);
//! # fn main() {
//! // Its tests call it.
//! assert_eq!(working_hours(Request { hour: 9 }), Decision::allow());
//! # }
//! ```
//!
//! The policy has the crate's name, unless it is [given another](register!). The input is decoded
//! from JSON, the answer written as JSON, both by serde. A function may also take the request's
//! [`&Context`](Context), and return a `Result` where it cannot answer every input: see
//! [`PolicyFunction`].
//!
//! # Growing into a type
//!
//! A policy with settings is a type that implements [`Policy`]: it is
//! [`validate`](Policy::validate)d once, when it is configured, and [`execute`](Policy::execute)s
//! on each input. Its input may borrow from the request, and its answer from both. It may have
//! [schemas](Policy::input_schema), ask for [threads of its own](Policy::BLOCKING), and say which
//! [resources of Kubernetes](Policy::KUBERNETES_RESOURCES) it judges.
//!
//! ```
//! use policy_api::{Context, Decision, Error, Policy};
//! use serde::Deserialize;
//!
//! struct WorkingHours {
//!     until: u8,
//! }
//!
//! #[derive(Deserialize)]
//! struct Settings {
//!     #[serde(default = "five")]
//!     until: u8,
//! }
//! # fn five() -> u8 { 17 }
//! # #[derive(Deserialize)]
//! # struct Request { hour: u8 }
//!
//! impl Policy for WorkingHours {
//!     type Settings = Settings;
//!     type Input<'a> = Request;
//!     type Output<'a> = Decision;
//!
//!     fn validate(settings: Settings) -> Result<Self, Error> {
//!         match settings.until {
//!             10..=24 => Ok(Self { until: settings.until }),
//!             until => Err(Error::msg(format!("`until` is {until}: expected 10 to 24"))),
//!         }
//!     }
//!
//!     fn execute<'a>(&'a self, request: Request, _: &Context<'a>) -> Result<Decision, Error> {
//!         let open = (9..self.until).contains(&request.hour);
//!         Ok(if open { Decision::allow() } else { Decision::deny("the office is closed") })
//!     }
//! }
//!
//! policy_api::register!(WorkingHours);
//! # fn main() {
//! // Its tests ask as the engine does: settings and input are JSON.
//! let decided = policy_api::decide::<WorkingHours>(r#"{"until": 20}"#, r#"{"hour": 19}"#).unwrap();
//! assert_eq!(decided.verdict, Some(policy_api::Verdict::Allowed));
//! # }
//! ```
//!
//! # Answers
//!
//! [`Decision`] is a ready-made answer. A policy that names its [`Check`]s has them listed,
//! counted and reported by the engine; one that finds several things at once collects them in
//! [`Violations`].
//!
//! Any other output that is a boolean, or an object with a
//! boolean `allowed` or `allow`, is a [`Verdict`] as well. What is neither is passed on as it is.

mod allowance;
mod check;
mod context;
mod decide;
mod decision;
mod decode;
mod decode_error;
mod error;
mod evaluate;
mod function;
mod meter;
mod metered;
mod nesting;
mod output;
mod path;
mod policy;
mod registration;
mod schema;
mod verdict;
mod violation;
mod violations;
mod wording;

pub use allowance::Allowance;
pub use check::{Check, Severity};
pub use context::{BudgetCheck, Cancellation, Context};
pub use decide::{Decided, decide};
pub use decision::Decision;
pub use decode::{decode, decode_seed};
pub use decode_error::DecodeError;
pub use error::Error;
pub use evaluate::{ConfigureError, Evaluate, EvaluateError};
pub use function::PolicyFunction;
pub use meter::{Refused, charge};
pub use metered::decoded_bytes;
pub use nesting::MAX_NESTING;
pub use policy::{KubernetesResources, NoSettings, Policy};
pub use registration::{Configure, Registration, registered};
#[cfg(feature = "schemars")]
pub use schema::schema_of;
pub use verdict::Verdict;
pub use violations::Violations;
pub use wording::bounded;

#[cfg(feature = "schemars")]
pub use schemars;

/// Compiles and runs what the page shows.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/src/how-to/write.md")]
struct WritePolicies;

/// This crate's version: what the engine was built with.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Items for the expansion of [`register!`] only.
#[doc(hidden)]
pub mod __private {
    pub use crate::function::configure;
    pub use crate::registration::{REGISTERED, check};
    pub use linkme;
}
