use policy_api::{Check, Decision};
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
struct Deployment {
    day: Day,
    hour: u8,
}

fn working_hours(deployment: Deployment) -> Decision {
    match (deployment.day, deployment.hour) {
        (Day::Saturday | Day::Sunday, _) => WEEKDAYS.deny("it is the weekend").at("day"),
        (_, 9..17) => Decision::allow(),
        (_, hour) => HOURS.deny(format!("it is {hour} o'clock")).at("hour"),
    }
}

policy_api::register!(fn working_hours { checks: &[HOURS, WEEKDAYS] });

#[test]
fn only_weekdays_in_working_hours_are_allowed() {
    let decide = |day, hour| working_hours(Deployment { day, hour });
    assert!(decide(Day::Friday, 11).is_allowed());
    assert_eq!(decide(Day::Friday, 19).check(), Some("hours"));
    assert_eq!(decide(Day::Sunday, 11).check(), Some("weekdays"));
}
