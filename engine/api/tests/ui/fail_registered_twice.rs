//! Two registrations in one crate.

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

policy_api::register!(First { name: "first" });
policy_api::register!(Second { name: "second" });

fn main() {}
