use serde_json::Value;

use crate::{Context, Error, Evaluate, Policy, Verdict, decode};

/// One answer of a policy, for its tests.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Decided {
    /// The verdict of the output, where it is one.
    pub verdict: Option<Verdict>,
    /// The whole output.
    pub output: Value,
}

/// Asks a policy one question, both as JSON text, just as the engine would: for tests.
///
/// # Errors
/// Settings or an input that the policy does not take, or no answer from it.
pub fn decide<P: Policy>(settings: &str, input: &str) -> Result<Decided, Error> {
    let settings = decode::<P::Settings>(settings.as_bytes())?;
    let policy = P::validate(settings)?;
    let mut output = Vec::new();
    let verdict = policy.evaluate(input.as_bytes(), &Context::new("test"), &mut output)?;
    Ok(Decided { verdict, output: serde_json::from_slice(&output)? })
}
