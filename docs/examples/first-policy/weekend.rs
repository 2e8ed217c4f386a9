use policy_api::Decision;
use serde::Deserialize;

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
        (Day::Saturday | Day::Sunday, _) => Decision::deny("it is the weekend"),
        (_, 9..17) => Decision::allow(),
        (_, hour) => Decision::deny(format!("it is {hour} o'clock")),
    }
}

policy_api::register!(fn working_hours);

#[test]
fn only_weekdays_in_working_hours_are_allowed() {
    let decide = |day, hour| working_hours(Deployment { day, hour });
    assert_eq!(decide(Day::Friday, 11), Decision::allow());
    assert_eq!(decide(Day::Friday, 19), Decision::deny("it is 19 o'clock"));
    assert_eq!(decide(Day::Sunday, 11), Decision::deny("it is the weekend"));
}
