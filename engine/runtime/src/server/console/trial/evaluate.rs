use std::sync::Arc;
use std::thread::Builder;
use std::time::Duration;

use hyper::body::Bytes;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::choices::Subject;
use crate::config::PolicyDefaults;
use crate::policies::{CpuReading, Instance, InstanceError, Settings};
use crate::server::console_state::TrialPlace;
use crate::server::http::memory_budget::Reservation;
use crate::server::policy::{EvaluationFailure, EvaluationOutput, evaluate_uncounted};
use crate::system::stack;

/// The time that a policy has to validate settings.
const CONFIGURE_TIME: Duration = Duration::from_secs(5);

/// The time beyond its timeout in which an evaluation that looks at its deadline ends.
const CANCELLATION_TIME: Duration = Duration::from_millis(200);

/// What is asked of a policy.
pub(super) struct Question {
    pub(super) subject: Subject,
    /// What it may take where it is not served.
    pub(super) defaults: PolicyDefaults,
    /// Other settings than those that it is served with.
    pub(super) settings: Option<Settings>,
    /// JSON text; `None` if only the settings are validated.
    pub(super) input: Option<Bytes>,
    pub(super) memory: Reservation,
}

/// What came of it: nothing where only settings were validated.
pub(super) type Evaluated = Option<Result<EvaluationOutput, EvaluationFailure>>;

/// Puts a question to a policy, on a thread of its zone that holds the place until it ends.
///
/// # Errors
/// The reason why the policy does not take the settings.
pub(super) async fn evaluate(place: &TrialPlace, question: Question) -> Result<Evaluated, String> {
    let limit = question.timeout();
    let place = Arc::clone(place);
    let zone = question.subject.entry().zone.clone();
    let asks = question.input.is_some();
    let (configured, is_configured) = oneshot::channel();
    let (sender, answer) = oneshot::channel();
    let run = move || {
        let _place = place;
        // The caller may be gone.
        drop(sender.send(question.put(configured)));
    };
    let thread = Builder::new().name("trial".to_owned()).stack_size(stack::BYTES);
    if let Err(error) = zone.spawn(thread, run) {
        return Err(format!("failed to start a thread for the policy: {error}"));
    }
    if timeout(CONFIGURE_TIME, is_configured).await.is_err() {
        let time = CONFIGURE_TIME.as_secs();
        return Err(format!("the policy did not validate its settings within {time}s"));
    }
    match timeout(limit + CANCELLATION_TIME, answer).await {
        Ok(Ok(evaluated)) => evaluated.map_err(|error| error.to_string()),
        Ok(Err(_)) => Err("the evaluation broke off".to_owned()),
        Err(_) => Ok(asks.then_some(Err(EvaluationFailure::TimedOut(limit)))),
    }
}

impl Question {
    fn timeout(&self) -> Duration {
        self.subject.served().map_or(self.defaults.timeout, |policy| policy.timeout)
    }

    /// Puts it, and tells in between that the settings are valid.
    fn put(self, is_configured: oneshot::Sender<()>) -> Result<Evaluated, InstanceError> {
        let timeout = self.timeout();
        let Self { subject, defaults, settings, input, memory } = self;
        let configured;
        let instance = match (subject.served(), &settings) {
            (Some(policy), None) => &policy.instance,
            (served, settings) => {
                let none = Settings::default();
                let settings = settings.as_ref().unwrap_or(&none);
                let budget = served.map_or(defaults.budget, |policy| policy.instance.budget());
                configured = Instance::configure_as(subject.id(), subject.entry(), settings)?
                    .with_budget(budget)
                    .with_cpu_reading(CpuReading::Always);
                &configured
            }
        };
        // The caller may be gone.
        let _ = is_configured.send(());
        let declared = subject.entry().registration.checks;
        let evaluate =
            |input: Bytes| evaluate_uncounted(instance, declared, &input, timeout, memory);
        Ok(input.map(evaluate))
    }
}
