//! Policies for this crate's own tests.

use std::hint::black_box;
use std::time::Duration;

use policy_api::{Context, Error, Policy, Registration};
use serde::Deserialize;
use serde_json::Value;

use crate::config::Limits;

/// Answers with its input, fails on "fail", panics on "panic", and overruns by the milliseconds of
/// `{"sleep": 1}`, looking at nothing. It allocates so many bytes by `{"allocate": 1}` and frees
/// them, and does so again and again by `{"allocate": 1, "forever": true}`, until it is stopped.
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
        if let Some(ms) = input.get("sleep").and_then(Value::as_u64) {
            std::thread::sleep(Duration::from_millis(ms));
        }
        if let Some(bytes) = input.get("allocate").and_then(Value::as_u64) {
            let allocate = || drop(black_box(vec![0_u8; usize::try_from(bytes).unwrap()]));
            allocate();
            while input.get("forever").is_some() {
                allocate();
                context.check()?;
            }
        }
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
    Registration::__new::<Echo>("pods-crate", "0.0.1", "Echoes", "").name(name).version(version)
}

/// Limits that no test comes near unless it sets its own.
pub(crate) fn limits() -> Limits {
    let long = Duration::from_mins(1);
    Limits {
        connections: 100,
        in_flight: 100,
        queue: 100,
        queue_time: long,
        body: 1 << 20,
        bodies: 1 << 20,
        shadows: 1 << 20,
        header_time: long,
        body_time: long,
        idle_time: long,
    }
}
