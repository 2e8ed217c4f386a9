use policy_api::{Check, Context, Decision, Error, Policy};
use serde::Deserialize;

const HOURS: Check = Check::new("hours", "Deployments are made in working hours");
const WEEKDAYS: Check = Check::new("weekdays", "Deployments are made on weekdays");

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

#[derive(Deserialize)]
pub struct Deployment {
    day: Day,
    hour: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    #[serde(default = "five")]
    until: u8,
}

fn five() -> u8 {
    17
}

pub struct WorkingHours {
    until: u8,
}

impl Policy for WorkingHours {
    type Settings = Settings;
    type Input<'a> = Deployment;
    type Output<'a> = Decision;

    const CHECKS: &'static [Check] = &[HOURS, WEEKDAYS];

    // Once, when the policy is configured.
    fn validate(Settings { until }: Settings) -> Result<Self, Error> {
        match until {
            10..=24 => Ok(Self { until }),
            _ => Err(Error::msg(format!("`until` is {until}: expected 10 to 24"))),
        }
    }

    // For every input.
    fn execute<'a>(&'a self, deployment: Deployment, _: &Context<'a>) -> Result<Decision, Error> {
        let Deployment { day, hour } = deployment;
        Ok(match day {
            Day::Saturday | Day::Sunday => WEEKDAYS.deny("it is the weekend").at("day"),
            _ if (9..self.until).contains(&hour) => Decision::allow(),
            _ => HOURS.deny(format!("it is {hour} o'clock")).at("hour"),
        })
    }
}

policy_api::register!(WorkingHours);

#[test]
fn late_hour_is_allowed_if_configured() {
    let friday = r#"{"day": "friday", "hour": 19}"#;
    let decide = |settings| policy_api::decide::<WorkingHours>(settings, friday).unwrap();
    assert_eq!(decide("{}").verdict, Some(policy_api::Verdict::Denied));
    assert_eq!(decide(r#"{"until": 20}"#).verdict, Some(policy_api::Verdict::Allowed));
}
