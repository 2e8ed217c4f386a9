#![forbid(unsafe_code)]
#![deny(warnings, missing_docs)]
//! The author's crate may be as strict as it likes.

use policy_api::{Context, Error, NoSettings, Policy};

struct First;

impl Policy for First {
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

struct Second;

impl Policy for Second {
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

policy_api::register!(First, self::Second { name: "second", version: "2.0.0-rc.1" },);

fn main() {
    let names: Vec<_> = policy_api::registered().map(|registration| registration.name).collect();
    assert_eq!(names.len(), 2);
}
