//! A registration in a module, where the engine cannot reach it.

mod rules {
    use policy_api::{Context, Error, NoSettings, Policy};

    struct Hidden;

    impl Policy for Hidden {
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

    policy_api::register!(Hidden);
}

fn main() {}
