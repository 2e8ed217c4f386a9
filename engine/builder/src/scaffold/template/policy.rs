use policy_api::{Check, Decision};
use serde::Deserialize;

const HOURS: Check = Check::new("hours", "Deployments are made from nine to five");

#[derive(Deserialize)]
struct Deployment {
    hour: u8,
}

fn working_hours(deployment: Deployment) -> Decision {
    match deployment.hour {
        9..17 => Decision::allow(),
        hour => HOURS.deny(format!("it is {hour} o'clock")).at("hour"),
    }
}

policy_api::register!(fn working_hours { checks: &[HOURS] });

#[test]
fn evening_is_denied() {
    let decision = working_hours(Deployment { hour: 19 });
    assert_eq!(decision.reason(), Some("it is 19 o'clock"));
}
