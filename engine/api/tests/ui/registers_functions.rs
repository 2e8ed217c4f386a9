#![forbid(unsafe_code)]
#![deny(warnings, missing_docs)]
//! Functions of every signature, with options and beside a type.

use policy_api::{Check, Context, Decision, Error, NoSettings, Policy, Verdict};

const HOURS: Check = Check::new("hours", "The office is open");

fn plain(hour: u8) -> bool {
    hour < 17
}

fn fallible(hour: u8) -> Result<Decision, Error> {
    if hour > 23 {
        return Err(Error::msg("a day has 24 hours"));
    }
    Ok(if plain(hour) { Decision::allow() } else { HOURS.deny("too late") })
}

fn with_context(hour: u8, context: &Context<'_>) -> String {
    format!("{hour} {}", context.request_id())
}

mod rules {
    use super::*;

    pub fn decide(text: String, context: &Context<'_>) -> Result<Vec<String>, Error> {
        context.check()?;
        Ok(vec![text])
    }
}

struct Type;

impl Policy for Type {
    type Settings = NoSettings;
    type Input<'a> = bool;
    type Output<'a> = bool;

    fn validate(_: NoSettings) -> Result<Self, Error> {
        Ok(Self)
    }

    fn execute<'a>(&'a self, input: bool, _: &Context<'a>) -> Result<bool, Error> {
        Ok(input)
    }
}

policy_api::register!(
    fn plain,
    fn fallible { name: "fallible", version: "2.0.0", checks: &[HOURS] },
    Type { name: "type" },
    fn with_context { name: "with-context" },
    fn rules::decide { name: "decide" },
);

fn ask(name: &str, input: &str) -> (Option<Verdict>, String) {
    let policy = policy_api::registered().find(|policy| policy.name == name).unwrap();
    let policy = (policy.configure)(b"{}").unwrap();
    // A function takes no memory: its type says which it is.
    assert_eq!(size_of_val(&*policy), 0);
    let mut output = Vec::new();
    match policy.evaluate(input.as_bytes(), &Context::new("7"), &mut output) {
        Ok(verdict) => (verdict, String::from_utf8(output).unwrap()),
        Err(error) => (None, error.to_string()),
    }
}

fn main() {
    // The first has the name of the crate.
    let own_name = env!("CARGO_PKG_NAME");
    assert_eq!(ask(own_name, "9"), (Some(Verdict::Allowed), "true".to_owned()));
    let denied = r#"{"allowed":false,"check":"hours","reason":"too late"}"#.to_owned();
    assert_eq!(ask("fallible", "19"), (Some(Verdict::Denied), denied));
    assert_eq!(ask("fallible", "24"), (None, "a day has 24 hours".to_owned()));
    assert_eq!(ask("with-context", "3"), (None, r#""3 7""#.to_owned()));
    assert_eq!(ask("decide", r#""x""#), (None, r#"["x"]"#.to_owned()));
    assert_eq!(ask("type", "true").0, Some(Verdict::Allowed));
    let wrong = "expected a whole number from 0 to 255, found `true`, at line 1 column 4";
    assert_eq!(ask(own_name, "true"), (None, wrong.to_owned()));
    let fallible = policy_api::registered().find(|policy| policy.name == "fallible").unwrap();
    assert_eq!(fallible.checks, [HOURS]);
    let plain = policy_api::registered().find(|policy| policy.name == own_name).unwrap();
    assert_eq!(plain.checks, []);
    let refused = (plain.configure)(br#"{"until": 9}"#).map(drop).unwrap_err();
    assert_eq!(refused.to_string(), "unknown field `until`, there are no fields, at `until` (line 1 column 8)");
}
