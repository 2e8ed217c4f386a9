use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Check, Context, DecodeError, Error, decode};

/// One rule: configured once, then asked many times, from many threads.
///
/// A policy sees only what it is given: decide from the input, the settings and the context, and
/// the same question has the same answer wherever it is asked.
pub trait Policy: Send + Sync + Sized + 'static {
    /// The settings of an operator. [`NoSettings`] where there are none; `{}` must decode, or the
    /// policy cannot run unconfigured.
    type Settings: DeserializeOwned;

    /// The value that is judged, decoded from the request's own bytes. It may borrow from them
    /// (`&'a str`, or better `Cow<'a, str>` with `#[serde(borrow)]`: JSON strings can hold
    /// escapes).
    type Input<'a>: Deserialize<'a>;

    /// The answer. It may borrow from the policy and from the request's bytes.
    type Output<'a>: Serialize;

    /// True if an answer takes long (say, more than a millisecond) or waits for something. A
    /// server then asks on threads set aside for that, and not on those that read requests.
    const BLOCKING: bool = false;

    /// The Kubernetes resources that it judges, by their `apiVersion`, where its input is an
    /// `AdmissionReview`: `&[("v1", &["pods"]), ("apps/v1", &["deployments"])]`, or for whatever
    /// holds pods `kube_objects::POD_RESOURCES`. They become the rules of the webhook that
    /// `describe NAME --format webhook` prints; without any there is none.
    const KUBERNETES_RESOURCES: KubernetesResources = &[];

    /// The checks that its denials name, in the order in which people read them. Lists, reports and
    /// metrics tell them; a policy without any goes on working.
    const CHECKS: &'static [Check] = &[];

    /// Makes the policy from its settings, once: check them here and keep what `execute` needs in
    /// the form that is quickest to ask.
    ///
    /// # Errors
    /// Settings that decode but make no sense. Say which field, what was found and what to write.
    fn validate(settings: Self::Settings) -> Result<Self, Error>;

    /// Decodes one input from JSON text.
    ///
    /// The default is [`decode`]. Generic code is compiled in the crate that asks for it: here, in the
    /// policy's. A type that several policies take can bring a function that calls [`decode`] in its own
    /// crate, such as `kube_objects::Object::from_json`. Called here, its code is compiled once, which
    /// shortens the build after an edit of the policy.
    ///
    /// An implementation calls [`decode`], or a function that does. Nothing else bounds the nesting,
    /// charges the memory or names the field in an error.
    ///
    /// # Errors
    /// Text that is not JSON, or has another shape.
    fn decode_input(input: &[u8]) -> Result<Self::Input<'_>, DecodeError> {
        decode(input)
    }

    /// Judges one input.
    ///
    /// # Errors
    /// When no answer can be given. "No" is an answer, not an error.
    fn execute<'a>(
        &'a self,
        input: Self::Input<'a>,
        context: &Context<'a>,
    ) -> Result<Self::Output<'a>, Error>;

    /// The input's JSON Schema, for `schema NAME`: with the `schemars` feature,
    /// `Some(policy_api::schema_of::<MyInput>())`.
    #[must_use]
    fn input_schema() -> Option<Value> {
        None
    }

    /// The settings' JSON Schema, likewise.
    #[must_use]
    fn settings_schema() -> Option<Value> {
        None
    }
}

/// Names of Kubernetes resources, and of subresources as `pods/ephemeralcontainers`, by the
/// `apiVersion` (`v1`, `apps/v1`) that they are of.
pub type KubernetesResources = &'static [(&'static str, &'static [&'static str])];

/// The settings of a policy that has none: an empty object.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoSettings {}
