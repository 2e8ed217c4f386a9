//! Two checks that reports and metrics could not tell apart.

use policy_api::{Check, Decision};

const OPEN: Check = Check::new("hours", "The office is open");
const EARLY: Check = Check::new("hours", "It is early");

fn plain(hour: u8) -> Decision {
    match hour {
        9..17 => Decision::allow(),
        ..9 => EARLY.deny("too early"),
        _ => OPEN.deny("too late"),
    }
}

policy_api::register!(fn plain { checks: &[OPEN, EARLY] });

fn main() {}
