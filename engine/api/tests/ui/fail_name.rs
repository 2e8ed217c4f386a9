//! A name that nobody could ask for on a command line or in a URL.

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

policy_api::register!(First { name: "My Policy" });

fn main() {}
