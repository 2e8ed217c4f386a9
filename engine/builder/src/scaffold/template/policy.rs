use policy_api::Decision;
use serde::Deserialize;

#[derive(Deserialize)]
struct Deployment {
    hour: u8,
}

fn working_hours(deployment: Deployment) -> Decision {
    match deployment.hour {
        9..17 => Decision::allow(),
        hour => Decision::deny(format!("it is {hour} o'clock")),
    }
}

policy_api::register!(fn working_hours);

#[test]
fn evening_is_denied() {
    let decision = working_hours(Deployment { hour: 19 });
    assert_eq!(decision, Decision::deny("it is 19 o'clock"));
}
