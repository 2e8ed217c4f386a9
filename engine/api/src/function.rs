//! Plain functions as policies, told apart by their signatures as axum's handlers are.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::evaluate::{ConfigureError, Evaluate, EvaluateError, evaluate, sealed};
use crate::{Context, Error, NoSettings, Verdict, decode};

/// A plain function that is a policy, registered by [`register!`](crate::register)`(fn name)`.
///
/// It takes its input, and a [`&Context`](Context) where it wants one. It returns its output, or a
/// `Result` of that and [`Error`]: `fn(Input) -> Output` and `fn(Input, &Context<'_>) ->
/// Result<Output, Error>`, for instance. The input owns what it holds.
///
/// `Signature` tells the signatures apart. The compiler infers it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no signature that a policy can have",
    label = "not a policy's function",
    note = "a policy's function is `fn(Input) -> Output` or `fn(Input, &Context<'_>) -> Output`",
    note = "`Input` implements `serde::Deserialize` and borrows nothing; what borrows, implements the trait `Policy`",
    note = "`Output` implements `serde::Serialize`, or is `Result<_, policy_api::Error>` of what does"
)]
pub trait PolicyFunction<Signature>: Send + Sync + 'static {
    /// The value that is judged.
    type Input: DeserializeOwned;

    /// The answer.
    type Output: Serialize;

    /// Judges one input.
    ///
    /// # Errors
    /// When the function gives no answer.
    fn call(&self, input: Self::Input, context: &Context<'_>) -> Result<Self::Output, Error>;
}

impl<F, I, A, O> PolicyFunction<fn(I) -> O> for F
where
    F: Fn(I) -> A + Send + Sync + 'static,
    I: DeserializeOwned,
    A: Answer<O>,
    O: Serialize,
{
    type Input = I;
    type Output = O;

    #[inline]
    fn call(&self, input: I, _: &Context<'_>) -> Result<O, Error> {
        self(input).into_result()
    }
}

impl<F, I, A, O> PolicyFunction<fn(I, &Context<'_>) -> O> for F
where
    F: Fn(I, &Context<'_>) -> A + Send + Sync + 'static,
    I: DeserializeOwned,
    A: Answer<O>,
    O: Serialize,
{
    type Input = I;
    type Output = O;

    #[inline]
    fn call(&self, input: I, context: &Context<'_>) -> Result<O, Error> {
        self(input, context).into_result()
    }
}

/// What a policy's function returns: an output, or a `Result` of one.
pub trait Answer<Output> {
    /// The output or the error.
    ///
    /// # Errors
    /// The function's own.
    fn into_result(self) -> Result<Output, Error>;
}

impl<Output: Serialize> Answer<Output> for Output {
    #[inline]
    fn into_result(self) -> Result<Output, Error> {
        Ok(self)
    }
}

impl<Output: Serialize> Answer<Output> for Result<Output, Error> {
    #[inline]
    fn into_result(self) -> Result<Output, Error> {
        self
    }
}

/// A function as the registry holds it: of no size, as the type of a function names the function.
struct Configured<F, Signature>(F, PhantomData<fn() -> Signature>);

impl<F, Signature> sealed::Sealed for Configured<F, Signature> {}

impl<F: PolicyFunction<Signature>, Signature> Evaluate for Configured<F, Signature> {
    fn evaluate(
        &self,
        input: &[u8],
        context: &Context<'_>,
        output: &mut Vec<u8>,
    ) -> Result<Option<Verdict>, EvaluateError> {
        evaluate(input, context, output, decode, |input, context| self.0.call(input, context))
    }
}

/// Decodes the settings, of which a function has none.
///
/// # Errors
/// Settings that are not `{}`.
pub fn configure<F: PolicyFunction<Signature>, Signature: 'static>(
    function: F,
    settings: &[u8],
) -> Result<Box<dyn Evaluate>, ConfigureError> {
    let NoSettings {} = decode(settings).map_err(ConfigureError::Settings)?;
    Ok(Box::new(Configured(function, PhantomData)))
}
