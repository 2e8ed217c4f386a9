use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::io;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use policy_api::{ConfigureError, Context, Evaluate, EvaluateError, Verdict};
use policy_confinement::{Call, Refused, Subject, zone_calls};
use serde_json::{Value, json};
use tracing::warn;

use super::budget::{self, Budget, CpuReading, Meter, OverBudget, Usage};
use crate::confinement::Zone;
use crate::policies::{Entry, Settings};

/// A policy that is configured and can be asked, from many threads.
pub struct Instance {
    policy: ConfinedPolicy,
    budget: Budget,
    cpu: CpuReading,
}

/// A policy's value, with what confines its code.
struct ConfinedPolicy {
    /// Missing only once this is dropped.
    value: Option<Box<dyn Evaluate>>,
    /// Where its code runs.
    zone: Zone,
    /// In whose name its code runs.
    subject: Subject,
}

impl Drop for ConfinedPolicy {
    /// What a policy has may have destructors, which are its code as well.
    fn drop(&mut self) {
        let (value, subject) = (self.value.take(), self.subject);
        self.zone.leave(move || {
            let _entered = policy_confinement::enter(subject);
            if let Err(message) = guarded(|| drop(value)) {
                warn!(
                    policy = subject.name(),
                    panic = message,
                    "a policy panicked while it was dropped"
                );
            }
        });
    }
}

/// An answer: the output is in the caller's buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// The verdict of the output, where it is one.
    pub verdict: Option<Verdict>,
    /// The memory and the time that it took.
    pub usage: Usage,
}

/// The reason why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum DecisionError {
    /// The input is not what the policy takes, or the policy says that it cannot answer.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    /// The policy broke off. That is its defect; the engine and other requests go on.
    #[error("the policy panicked: {0}")]
    Panicked(String),
    /// It tried what it may not.
    #[error("the policy {0}")]
    Refused(RefusedCalls),
    /// It used more memory or time than it may. What it decided does not count.
    #[error(transparent)]
    OverBudget(#[from] OverBudget),
}

/// The reason why a policy cannot be asked at all.
#[derive(Debug, thiserror::Error)]
pub enum InstanceError {
    /// The settings have another shape than the policy's.
    #[error("{0}")]
    Shape(String),
    /// The policy refuses them.
    #[error("{0}")]
    Refused(policy_api::Error),
    /// It broke off while it looked at them.
    #[error("the policy panicked: {0}")]
    Panicked(String),
    /// It tried what it may not while it looked at them.
    #[error("the policy {0}")]
    Confined(RefusedCalls),
    /// There is no thread to run its code on.
    #[error("failed to start a thread for the policy: {0}")]
    Thread(io::Error),
}

/// The system calls that were refused while a policy's code ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusedCalls {
    first: Call,
    count: u32,
}

impl RefusedCalls {
    fn new(refused: Refused) -> Option<Self> {
        Some(Self { first: refused.first()?, count: refused.count() })
    }
}

impl fmt::Display for RefusedCalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "made the system call `{}`", self.first)?;
        match self.count {
            0 | 1 => {}
            count => write!(f, " and {} more", count - 1)?,
        }
        f.write_str(", which its confinement refuses")?;
        let groups = zone_calls();
        let granted = groups.iter().find(|group| group.calls.contains(&self.first));
        match granted.and_then(|group| group.grant) {
            Some(grant) => write!(
                f,
                "; if that is right, allow `{grant}` to its crate by `[[vet.allow]]` of \
                 `policies.toml`, and build anew"
            ),
            None => Ok(()),
        }
    }
}

impl Instance {
    /// Has the policy validate its settings, once.
    ///
    /// # Errors
    /// When the policy does not take them.
    pub fn configure(entry: &Entry, settings: &Settings) -> Result<Self, InstanceError> {
        Self::configure_as(entry.name(), entry, settings)
    }

    /// Has the policy validate its settings, once. What its code does is told under this name.
    ///
    /// # Errors
    /// When the policy does not take them.
    pub(crate) fn configure_as(
        name: &str,
        entry: &Entry,
        settings: &Settings,
    ) -> Result<Self, InstanceError> {
        let configure = entry.registration.configure;
        let subject = Subject::new(name);
        let (json, zone) = (settings.as_json().to_vec(), entry.zone.clone());
        let configure = move || {
            let value = configure(&json)?;
            Ok(ConfinedPolicy { value: Some(value), zone, subject })
        };
        match in_zone(&entry.zone, subject, configure)? {
            Ok(Ok(policy)) => {
                Ok(Self { policy, budget: Budget::default(), cpu: CpuReading::default() })
            }
            Ok(Err(ConfigureError::Settings(error))) => {
                Err(InstanceError::Shape(settings.explain(&error)))
            }
            Ok(Err(ConfigureError::Policy(error))) => Err(InstanceError::Refused(error)),
            Err(message) => Err(InstanceError::Panicked(message)),
        }
    }

    /// Sets what each of its evaluations may use.
    #[must_use]
    pub fn with_budget(self, budget: Budget) -> Self {
        Self { budget, ..self }
    }

    /// The threads that may put questions.
    pub(crate) fn zone(&self) -> &Zone {
        &self.policy.zone
    }

    /// The most that each of its evaluations may use.
    #[must_use]
    pub fn budget(&self) -> Budget {
        self.budget
    }

    /// Sets which of its evaluations the processor's time is read of.
    #[must_use]
    pub fn with_cpu_reading(self, cpu: CpuReading) -> Self {
        Self { cpu, ..self }
    }

    /// Puts one question, as JSON text, and appends the answer to `output`, as JSON text.
    ///
    /// # Errors
    /// When there is no answer; `output` is then as it was.
    pub fn decide(
        &self,
        input: &[u8],
        context: &Context<'_>,
        output: &mut Vec<u8>,
    ) -> Result<Decision, DecisionError> {
        self.decide_within(self.budget, input, context, output)
    }

    /// The same within another budget.
    pub(crate) fn decide_within(
        &self,
        budget: Budget,
        input: &[u8],
        context: &Context<'_>,
        output: &mut Vec<u8>,
    ) -> Result<Decision, DecisionError> {
        let start = output.len();
        let mut context = *context;
        if !budget.is_unlimited() {
            context = context.with_budget(budget::check);
        }
        let ConfinedPolicy { value, subject, .. } = &self.policy;
        let Some(policy) = value else { return Err(DecisionError::Panicked(String::new())) };
        let entered = policy_confinement::enter(*subject);
        let meter = Meter::begin(budget, self.cpu);
        let evaluated = guarded(|| policy.evaluate(input, &context, output));
        let used = meter.end();
        // Refused anything, or over its budget, it has failed, whatever it made of that.
        if let Some(refused) = RefusedCalls::new(entered.finish()) {
            output.truncate(start);
            return Err(DecisionError::Refused(refused));
        }
        match (evaluated, used) {
            (Ok(evaluated), Ok(usage)) => Ok(Decision { verdict: evaluated?, usage }),
            (Ok(_), Err(over)) => {
                output.truncate(start);
                Err(DecisionError::OverBudget(over))
            }
            (Err(message), _) => {
                output.truncate(start);
                Err(DecisionError::Panicked(message))
            }
        }
    }
}

/// Calls code of a policy's author, such as a schema's, and catches its panics.
///
/// # Errors
/// When that code panics, or is refused something.
pub(crate) fn call_guarded<T: Send + 'static>(
    entry: &Entry,
    call: fn() -> T,
) -> Result<T, InstanceError> {
    in_zone(&entry.zone, Subject::new(entry.name()), call)?.map_err(InstanceError::Panicked)
}

/// The schema of a policy's settings. Where its author's code does not tell, all of them are secret.
pub(crate) fn settings_schema(entry: &Entry) -> Option<Value> {
    call_guarded(entry, entry.registration.settings_schema)
        .unwrap_or_else(|_| Some(json!({"writeOnly": true})))
}

/// Runs code of a policy in its zone, and gives what it made or the message of its panic.
fn in_zone<T: Send + 'static>(
    zone: &Zone,
    subject: Subject,
    run: impl FnOnce() -> T + Send + 'static,
) -> Result<Result<T, String>, InstanceError> {
    let entered = move || {
        let entered = policy_confinement::enter(subject);
        let made = guarded(run);
        (made, entered.finish())
    };
    let (made, refused) = zone.run(entered).map_err(InstanceError::Thread)?;
    RefusedCalls::new(refused).map_or(Ok(made), |refused| Err(InstanceError::Confined(refused)))
}

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    static PLACE: Cell<Option<String>> = const { Cell::new(None) };
}

/// Runs a policy's code so that its panic ends nothing but the request, and gives its message.
fn guarded<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    install_panic_hook();
    GUARDED.set(true);
    let result = panic::catch_unwind(AssertUnwindSafe(run)).map_err(|payload| {
        let message = match PLACE.take() {
            Some(place) => format!("{}, at {place}", message(&*payload)),
            None => message(&*payload).to_owned(),
        };
        // The payload is the policy's as well, and may panic in turn.
        if let Err(again) = panic::catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            mem::forget(again);
        }
        message
    });
    GUARDED.set(false);
    result
}

/// The default hook prints a report meant for the program's own defects; a policy's panic is
/// reported with the request that it belongs to.
fn install_panic_hook() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let default = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if GUARDED.get() {
                PLACE.set(info.location().map(|at| format!("{}:{}", at.file(), at.line())));
            } else {
                default(info);
            }
        }));
    });
}

fn message(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("it gave no message")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Registry;
    use crate::testing::registration;

    fn echo(settings: &str) -> Result<Instance, InstanceError> {
        let registry = Registry::from_registrations([registration("echo", "1.0.0")]).unwrap();
        let settings = Settings::from_json(settings).unwrap();
        Instance::configure(&registry.entries()[0], &settings)
    }

    fn ask(input: &str) -> Result<(Decision, String), String> {
        let mut output = b"before ".to_vec();
        let asked = echo("{}").unwrap().decide(input.as_bytes(), &Context::new("1"), &mut output);
        let output = String::from_utf8(output).unwrap();
        match asked {
            Ok(decision) => Ok((decision, output)),
            Err(error) => {
                assert_eq!(output, "before ");
                Err(error.to_string())
            }
        }
    }

    #[test]
    fn output_is_appended_with_its_verdict() {
        let (decision, output) = ask(r#"{"allowed":false}"#).unwrap();
        assert_eq!(decision.verdict, Some(Verdict::Denied));
        assert_eq!(output, r#"before {"allowed":false}"#);
        assert_eq!(ask("[]").unwrap().0.verdict, None);
    }

    #[test]
    fn failed_evaluation_is_an_error_without_output() {
        assert_eq!(ask("\"fail\"").unwrap_err(), "asked to fail");
        assert_eq!(ask("{").unwrap_err(), "EOF while parsing an object, at line 1 column 1");
        let panicked = ask("\"panic\"").unwrap_err();
        assert!(panicked.starts_with("the policy panicked: asked to panic, at "), "{panicked}");
        assert!(panicked.contains("testing.rs:"), "{panicked}");
    }

    #[test]
    fn settings_are_validated_once_before_evaluation() {
        assert_eq!(
            echo(r#"{"refuse": true}"#).err().unwrap().to_string(),
            "`refuse` is set: leave it out"
        );
        assert_eq!(
            echo(r#"{"refuze": true}"#).err().unwrap().to_string(),
            "unknown field `refuze`, expected `refuse`, at `refuze`"
        );
    }
}
