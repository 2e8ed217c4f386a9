//! Policies for this crate's own tests.

use policy_api::{Context, Error, Policy, Registration};
use serde::Deserialize;
use serde_json::Value;

/// Answers with its input, fails on "fail" and panics on "panic".
pub(crate) struct Echo;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EchoSettings {
    #[serde(default)]
    refuse: bool,
}

impl Policy for Echo {
    type Settings = EchoSettings;
    type Input<'a> = Value;
    type Output<'a> = Value;

    fn validate(settings: EchoSettings) -> Result<Self, Error> {
        if settings.refuse {
            return Err(Error::msg("`refuse` is set: leave it out"));
        }
        Ok(Self)
    }

    fn execute<'a>(&'a self, input: Value, context: &Context<'a>) -> Result<Value, Error> {
        match input.as_str() {
            Some("fail") => Err(Error::msg("asked to fail")),
            Some("panic") => panic!("asked to panic"),
            Some("label") => Ok(context.label("team").into()),
            _ => Ok(input),
        }
    }
}

/// A registration of [`Echo`] under another name and version.
pub(crate) fn registration(name: &'static str, version: &'static str) -> Registration {
    Registration::__of::<Echo>("pods-crate", "0.0.1", "Echoes", "").name(name).version(version)
}
