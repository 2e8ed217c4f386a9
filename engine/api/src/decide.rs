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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DecodeError, NoSettings};

    struct Shouting;

    impl Policy for Shouting {
        type Settings = NoSettings;
        type Input<'a> = String;
        type Output<'a> = String;

        fn validate(_: NoSettings) -> Result<Self, Error> {
            Ok(Self)
        }

        fn decode_input(input: &[u8]) -> Result<String, DecodeError> {
            decode::<String>(input).map(|text| text.to_uppercase())
        }

        fn execute<'a>(&'a self, input: String, _: &Context<'a>) -> Result<String, Error> {
            Ok(input)
        }
    }

    #[test]
    fn input_is_decoded_by_the_policy() {
        assert_eq!(decide::<Shouting>("{}", r#""hello""#).unwrap().output, "HELLO");
        let error = decide::<Shouting>("{}", "1").unwrap_err().to_string();
        assert_eq!(error, "expected a string, found the number `1`, at line 1 column 1");
    }
}
