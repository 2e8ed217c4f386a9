use policy_confinement::{Outcome, Subject, Violation};
use prometheus::IntCounterVec;
use tracing::{error, warn};

/// The name of threads that the engine did not start.
const UNKNOWN: &str = "unknown";

/// Logs violations, and counts them by policy and system call.
pub(crate) fn counted(counter: IntCounterVec) -> impl Fn(&Violation) + Send + Sync + 'static {
    move |violation| {
        counter.with_label_values(&[name(violation), violation.call.name()]).inc();
        log(violation);
    }
}

/// Logs a violation.
pub(crate) fn log(violation: &Violation) {
    let (id, call) = (name(violation), violation.call.to_string());
    match violation.outcome {
        Outcome::Refused => {
            error!(id, call, "the policy made a system call that its confinement refuses");
        }
        Outcome::Continued => {
            warn!(id, call, "the policy made a system call that its confinement would refuse");
        }
        Outcome::Ended => {
            error!(id, call, "the policy made a system call that only an attack makes: ending");
        }
    }
}

fn name(violation: &Violation) -> &'static str {
    violation.subject.map_or(UNKNOWN, Subject::name)
}
