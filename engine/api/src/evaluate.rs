use std::fmt;

use serde::Serialize;

use crate::meter::{self, Metering};
use crate::{Context, DecodeError, Error, Policy, Verdict, decode, output};

/// A configured policy, its types erased: what the registry holds and the engine asks.
///
/// Every [`Policy`] and every registered function is one, and nothing else can be.
pub trait Evaluate: sealed::Sealed + Send + Sync {
    /// Decodes the input, executes the policy, and appends its output to `output` as JSON.
    ///
    /// # Errors
    /// An input of another shape, or no answer from the policy; `output` is then as it was.
    fn evaluate(
        &self,
        input: &[u8],
        context: &Context<'_>,
        output: &mut Vec<u8>,
    ) -> Result<Option<Verdict>, EvaluateError>;
}

pub(crate) mod sealed {
    pub trait Sealed {}
    impl<P: crate::Policy> Sealed for P {}
}

impl<P: Policy> Evaluate for P {
    fn evaluate(
        &self,
        input: &[u8],
        context: &Context<'_>,
        output: &mut Vec<u8>,
    ) -> Result<Option<Verdict>, EvaluateError> {
        evaluate(input, context, output, P::decode_input, |input, context| {
            self.execute(input, context)
        })
    }
}

/// The way from an input's bytes to an output's, whatever gives the answer.
#[inline]
pub(crate) fn evaluate<'a, I, O: Serialize>(
    input: &'a [u8],
    context: &Context<'a>,
    output: &mut Vec<u8>,
    decode: impl FnOnce(&'a [u8]) -> Result<I, DecodeError>,
    execute: impl FnOnce(I, &Context<'a>) -> Result<O, Error>,
) -> Result<Option<Verdict>, EvaluateError> {
    let _metering = Metering::begin(context);
    // Where there was no memory, that is the reason, whatever came of it.
    let refused = |error| meter::take_refusal().map_or(error, EvaluateError::Policy);
    let decoded = decode(input).map_err(EvaluateError::Input).map_err(refused)?;
    let answer = execute(decoded, context).map_err(EvaluateError::Policy).map_err(refused)?;
    output::write(&answer, context, output).map_err(EvaluateError::Policy)
}

/// The reason why there is no decision.
#[derive(Debug)]
#[non_exhaustive]
pub enum EvaluateError {
    /// The input is not what the policy takes.
    Input(DecodeError),
    /// The policy could not answer.
    Policy(Error),
}

impl fmt::Display for EvaluateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(error) => error.fmt(f),
            Self::Policy(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for EvaluateError {}

/// The reason why a policy cannot run with the settings it was given.
#[derive(Debug)]
pub enum ConfigureError {
    /// The settings have another shape than the policy's.
    Settings(DecodeError),
    /// The settings decode, but the policy refuses them.
    Policy(Error),
}

impl fmt::Display for ConfigureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(error) => error.fmt(f),
            Self::Policy(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ConfigureError {}

/// Decodes the settings and has the policy validate them.
pub(crate) fn configure<P: Policy>(settings: &[u8]) -> Result<Box<dyn Evaluate>, ConfigureError> {
    let settings = decode::<P::Settings>(settings).map_err(ConfigureError::Settings)?;
    let policy = P::validate(settings).map_err(ConfigureError::Policy)?;
    Ok(Box::new(policy))
}
