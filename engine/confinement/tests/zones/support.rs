//! Zones whose violations are kept.

use std::io;
use std::sync::{Arc, Mutex};
use std::thread::Builder;

use policy_confinement::{
    FilterSupport, Grant, Grants, Mode, Outcome, Refused, Subject, Supervisor, Violation, enter,
    spawn_zone,
};

/// What a zone's code gave, and what it was told of.
pub(crate) struct Ran<T> {
    pub(crate) value: T,
    pub(crate) refused: Refused,
    pub(crate) violations: Vec<Violation>,
}

impl<T> Ran<T> {
    /// Subject, call and outcome of the violations.
    pub(crate) fn told(&self) -> Vec<String> {
        let told = |violation: &Violation| {
            let subject = violation.subject.map_or("nobody", Subject::name);
            format!("{subject} {} {}", violation.call, violation.outcome)
        };
        self.violations.iter().map(told).collect()
    }
}

/// Runs code of the subject `policy` in a zone.
pub(crate) fn run<T: Send + 'static>(
    mode: Mode,
    grants: &[Grant],
    code: impl FnOnce() -> T + Send + 'static,
) -> Ran<T> {
    let violations = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&violations);
    let supervisor = Supervisor::new(move |violation| kept.lock().unwrap().push(*violation));
    let code = move || {
        let entered = enter(Subject::new("policy"));
        let value = code();
        (value, entered.finish())
    };
    let grants = grants.iter().copied().collect::<Grants>();
    let zone = spawn_zone(&supervisor, mode, grants, Builder::new(), code).unwrap();
    if mode == Mode::Enforce {
        assert_eq!(zone.confined.unwrap().filter, FilterSupport::Told);
    }
    let (value, refused) = zone.thread.join().unwrap();
    let violations = violations.lock().unwrap().clone();
    Ran { value, refused, violations }
}

/// Asserts that code is refused by this call, and told of.
#[track_caller]
pub(crate) fn assert_refused<T: Send + 'static>(
    grants: &[Grant],
    call: &str,
    code: impl FnOnce() -> io::Result<T> + Send + 'static,
) {
    let ran = run(Mode::Enforce, grants, || code().map(drop).map_err(|error| error.kind()));
    assert_eq!(ran.value, Err(io::ErrorKind::PermissionDenied), "{call}");
    assert!(ran.told().contains(&format!("policy {call} refused")), "{call}: {:?}", ran.told());
    assert!(ran.violations.iter().all(|violation| violation.outcome == Outcome::Refused));
    let told = u32::try_from(ran.violations.len()).unwrap();
    assert_eq!((ran.refused.count(), ran.refused.first()), (told, Some(ran.violations[0].call)));
}

/// Asserts that code does what it wants to, and that nobody is told.
#[track_caller]
pub(crate) fn assert_allowed<T: Send + 'static>(
    grants: &[Grant],
    code: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> T {
    let ran = run(Mode::Enforce, grants, code);
    assert_eq!(ran.told(), <[String; 0]>::default());
    ran.value.unwrap()
}
