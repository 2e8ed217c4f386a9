use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use hyper::body::Bytes;

use super::failure::EvaluationFailure;
use super::output::EvaluationRequest;
use super::served::ServedPolicy;
#[cfg(feature = "console")]
use super::settings::PolicySettings;
use super::workers::WorkerSlots;
use crate::config::Mode;
#[cfg(feature = "console")]
use crate::documents::located::Origin;
use crate::policies::Settings;
use crate::server::http::concurrency::ConcurrencyLimit;
use crate::server::http::memory_budget::{MemoryBudget, Reservation};
use crate::telemetry::Metrics;
use crate::testing::{limits, registration};
use crate::{Instance, Registry};

/// Longer than anything takes.
const LONG: Duration = Duration::from_secs(30);

/// The policy `echo`, on a server with this many workers.
struct Trial {
    metrics: Metrics,
    limit: Arc<ConcurrencyLimit>,
    policy: Arc<ServedPolicy>,
}

impl Trial {
    fn new(threads: usize, blocking: bool, timeout: Duration) -> Self {
        let registry = Registry::from_registrations([registration("echo", "1.0.0")]).unwrap();
        let entry = registry.entries()[0].clone();
        let metrics = Metrics::new().unwrap();
        let policy = Arc::new(ServedPolicy {
            granted: None,
            id: "echo".to_owned(),
            version: "1.0.0".to_owned(),
            instance: Instance::configure(&entry, &Settings::default()).unwrap(),
            entry,
            settings_digest: String::new(),
            timeout,
            mode: Mode::Enforce,
            max_stuck: 2,
            discreet: false,
            blocking: AtomicBool::new(blocking),
            stuck: Arc::default(),
            metrics: metrics.policy("echo", "echo", "1.0.0", &[]),
            workers: Arc::new(WorkerSlots::new(threads - 1)),
            shadow: None,
            #[cfg(feature = "console")]
            settings: PolicySettings::new(Settings::default(), Origin::Default),
        });
        let limit = Arc::new(ConcurrencyLimit::new(&limits(), metrics.requests.clone()));
        Self { metrics, limit, policy }
    }

    async fn evaluate(&self, input: &'static str) -> Result<String, EvaluationFailure> {
        let request = EvaluationRequest {
            input: Bytes::from_static(input.as_bytes()),
            request_id: Some(Arc::from("1")),
            permit: self.limit.acquire().await.unwrap(),
            memory: Reservation::empty(&MemoryBudget::new(1 << 20)),
        };
        let output = self.policy.evaluate(request).await?;
        Ok(String::from_utf8(output.text).unwrap())
    }

    fn figure(&self, name: &str) -> String {
        let text = self.metrics.text().unwrap();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
        line.rsplit(' ').next().unwrap().to_owned()
    }
}

async fn until(condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LONG, wait).await.expect("the condition must become true");
}

fn run<T>(threads: usize, test: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(threads).enable_all().build().unwrap().block_on(test)
}

#[test]
fn panic_ends_nothing_but_its_request() {
    let trial = Trial::new(2, false, LONG);
    run(2, async {
        for _ in 0..20 {
            let Err(EvaluationFailure::Panicked(message)) = trial.evaluate("\"panic\"").await
            else {
                panic!()
            };
            assert!(message.starts_with("asked to panic, at "), "{message}");
        }
        assert_eq!(trial.evaluate("[1]").await.unwrap(), "[1]");
    });
    assert_eq!(
        trial.figure("policy_engine_decisions_total{id=\"echo\",outcome=\"panicked\""),
        "20"
    );
}

#[test]
fn timed_out_policy_is_suspended_at_max_stuck() {
    thread::scope(|scope| {
        for blocking in [false, true] {
            scope.spawn(move || is_suspended_at_max_stuck(blocking));
        }
    });
}

fn is_suspended_at_max_stuck(blocking: bool) {
    let timeout = Duration::from_secs(1);
    let trial = Trial::new(3, blocking, timeout);
    let stuck = || trial.figure("policy_engine_evaluations_stuck");
    let in_flight = || trial.figure("policy_engine_requests_in_flight");
    run(3, async {
        let slow = r#"{"sleep": 4000}"#;
        let (first, second) = tokio::join!(trial.evaluate(slow), trial.evaluate(slow));
        let timed_out = EvaluationFailure::TimedOut(timeout);
        assert_eq!((first.unwrap_err(), second.unwrap_err()), (timed_out.clone(), timed_out));
        // Both still run, so their callers were answered before.
        until(|| stuck() == "2").await;
        assert_eq!(trial.evaluate("1").await.unwrap_err(), EvaluationFailure::Suspended(2));
        assert_eq!(in_flight(), "0");

        until(|| stuck() == "0").await;
        assert_eq!(trial.evaluate("1").await.unwrap(), "1");
        assert_eq!(in_flight(), "0");
    });
    // From the first time on, the policy has threads of its own.
    assert!(trial.policy.blocking.load(Ordering::Relaxed));
}

#[test]
fn last_worker_is_not_given_to_a_policy() {
    let trial = Trial::new(2, false, LONG);
    run(2, async {
        let (slow, quick) = tokio::join!(trial.evaluate(r#"{"sleep": 2000}"#), async {
            until(|| trial.policy.workers.free() == 0).await;
            // The one worker that policies may hold is taken: this one gets another thread.
            let quick = trial.evaluate(r#"{"sleep": 1}"#).await;
            (quick, trial.policy.workers.free())
        });
        assert_eq!((slow.is_ok(), quick.0.is_ok()), (true, true));
        assert_eq!(quick.1, 0, "the slow one still holds the worker");
        assert_eq!(trial.policy.workers.free(), 1);
    });
}
