use policy_api::{Check, Context, Decision, Error, Policy};
use serde::Deserialize;

const HOURS: Check = Check::new("hours", "Deployments are made in working hours");

pub struct WorkingHours {
    from: u8,
    until: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    #[serde(default = "nine")]
    from: u8,
    #[serde(default = "five")]
    until: u8,
}

#[derive(Deserialize)]
pub struct Deployment {
    hour: u8,
}

impl Policy for WorkingHours {
    type Settings = Settings;
    type Input<'a> = Deployment;
    type Output<'a> = Decision;

    const CHECKS: &'static [Check] = &[HOURS];

    // Once, when the policy is configured.
    fn validate(settings: Settings) -> Result<Self, Error> {
        let Settings { from, until } = settings;
        if from >= until || until > 24 {
            return Err(Error::msg(format!("`from` is {from} and `until` is {until}: expected from < until <= 24")));
        }
        Ok(Self { from, until })
    }

    // For every input.
    fn execute<'a>(&'a self, deployment: Deployment, _: &Context<'a>) -> Result<Decision, Error> {
        let Deployment { hour } = deployment;
        if (self.from..self.until).contains(&hour) {
            return Ok(Decision::allow());
        }
        Ok(HOURS.deny(format!("it is {hour} o'clock")).at("hour"))
    }
}

policy_api::register!(WorkingHours);

fn nine() -> u8 { 9 }
fn five() -> u8 { 17 }

#[test]
fn late_hour_is_allowed_if_configured() {
    let decided = policy_api::decide::<WorkingHours>(r#"{"until": 20}"#, r#"{"hour": 19}"#).unwrap();
    assert_eq!(decided.verdict, Some(policy_api::Verdict::Allowed));
}
