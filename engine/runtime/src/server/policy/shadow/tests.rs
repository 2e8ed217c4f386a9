use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use policy_api::Verdict;

use super::offer::{Asked, Shadow};
use super::policy::ShadowPolicy;
use super::queue_places::MAX_QUEUED;
use crate::config::Sample;
use crate::policies::{Settings, Usage};
use crate::server::http::memory_budget::{MemoryBudget, Reservation};
use crate::server::policy::failure::EvaluationFailure;
use crate::server::policy::output::EvaluationOutput;
use crate::telemetry::Metrics;
use crate::testing::registration;
use crate::{Instance, Registry};

/// Longer than anything takes.
const LONG: Duration = Duration::from_secs(30);

/// The policy `echo` as a shadow, beside one that allows everything.
struct Trial {
    metrics: Metrics,
    memory: Arc<MemoryBudget>,
    shadow: Shadow,
}

impl Trial {
    fn new(sample: usize, timeout: Duration, memory: usize) -> Self {
        let registry = Registry::from_registrations([registration("echo", "2.0.0")]).unwrap();
        let entry = registry.entries()[0].clone();
        let metrics = Metrics::new().unwrap();
        let memory = MemoryBudget::new(memory);
        let policy = ShadowPolicy {
            id: "p".to_owned(),
            answering: "old".to_owned(),
            answering_version: "1.0.0".to_owned(),
            instance: Instance::configure(&entry, &Settings::default()).unwrap(),
            version: "2.0.0".to_owned(),
            settings_digest: String::new(),
            sample: Sample::from_per_million(sample),
            timeout,
            max_stuck: 2,
            discreet: false,
            stuck: Arc::default(),
            metrics: metrics.shadow(["p", "old", "1.0.0", entry.name(), "2.0.0"]),
            memory: Arc::clone(&memory),
            entry,
        };
        Self { metrics, memory, shadow: Shadow::start(policy).unwrap() }
    }

    fn offer(&self, input: &'static str, is_busy: bool) {
        let result = Ok::<_, EvaluationFailure>(EvaluationOutput {
            text: b"true".to_vec(),
            verdict: Some(Verdict::Allowed),
            checks: Vec::new(),
            elapsed: Duration::ZERO,
            usage: Usage::default(),
            _memory: Reservation::empty(&self.memory),
        });
        self.shadow.offer(&Asked {
            input: Bytes::from_static(input.as_bytes()),
            result: &result,
            request_id: None,
            decision_id: None,
            is_busy,
        });
    }

    fn figure(&self, name: &str, label: &str) -> u64 {
        let text = self.metrics.text().unwrap();
        let line = text.lines().find(|line| line.starts_with(name) && line.contains(label));
        line.map_or(0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
    }

    fn decided(&self, shadow_outcome: &str) -> u64 {
        let label = format!(
            "outcome=\"allowed\",policy=\"old\",shadow=\"echo\",shadow_outcome=\"{shadow_outcome}\""
        );
        self.figure("policy_engine_shadow_decisions_total", &label)
    }

    fn shed(&self, reason: &str) -> u64 {
        self.figure("policy_engine_shadow_shed_total", &format!("reason=\"{reason}\""))
    }

    fn stuck(&self) -> u64 {
        self.figure("policy_engine_shadow_evaluations_stuck", "")
    }
}

fn until(condition: impl Fn() -> bool) {
    let deadline = Instant::now() + LONG;
    while !condition() {
        assert!(Instant::now() < deadline, "the condition must become true");
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn decisions_are_counted_by_both_outcomes() {
    let trial = Trial::new(Sample::ALL, LONG, 1 << 20);
    for (input, outcome, times) in [
        ("true", "allowed", 3),
        ("false", "denied", 2),
        ("7", "answered", 1),
        ("{", "invalid_input", 1),
        ("\"fail\"", "failed", 1),
        ("\"panic\"", "panicked", 2),
    ] {
        for _ in 0..times {
            trial.offer(input, false);
        }
        until(|| trial.decided(outcome) == times);
    }
    until(|| trial.memory.used() == 0);
    // Long enough for the supervisor to sleep until the next question.
    thread::sleep(Duration::from_millis(1500));
    trial.offer("true", false);
    until(|| trial.decided("allowed") == 4);
}

#[test]
fn questions_beyond_the_limits_are_shed() {
    let trial = Trial::new(Sample::ALL, LONG, 1 << 20);
    trial.offer("true", true);
    assert_eq!(trial.shed("busy"), 1);
    trial.offer(r#"{"sleep": 1000}"#, false);
    for _ in 0..MAX_QUEUED {
        trial.offer("true", false);
    }
    assert_eq!(trial.shed("full"), 1);
    trial.offer("true", false);
    assert_eq!((trial.shed("full"), trial.shed("busy")), (1, 2), "it has to catch up");
    until(|| trial.decided("allowed") == MAX_QUEUED as u64 - 1);

    let small = Trial::new(Sample::ALL, LONG, 64);
    small.offer(r#"{"sleep": 300, "filling": "0123456789"}"#, false);
    small.offer(r#"{"sleep": 300, "filling": "0123456789"}"#, false);
    assert_eq!(small.shed("full"), 1, "the second has no memory");
    until(|| small.memory.used() == 0);
}

#[test]
fn overrunning_shadow_is_replaced_and_suspended_at_max_stuck() {
    let trial = Trial::new(Sample::ALL, Duration::from_secs(2), 1 << 20);
    // It has to last until the second is stuck as well.
    trial.offer(r#"{"sleep": 8000}"#, false);
    trial.offer("true", false);
    until(|| trial.decided("allowed") == 1);
    assert_eq!((trial.decided("timed_out"), trial.stuck()), (1, 1));
    trial.offer(r#"{"sleep": 5000}"#, false);
    until(|| trial.stuck() == 2);
    trial.offer("true", false);
    assert_eq!(trial.shed("suspended"), 1);
    until(|| trial.stuck() == 0);
    assert_eq!(trial.shadow.policy().stuck.load(Ordering::Relaxed), 0);
    trial.offer("true", false);
    until(|| trial.decided("allowed") == 2);
    assert_eq!(trial.decided("timed_out"), 2);
    until(|| trial.memory.used() == 0);
}

#[test]
fn queued_questions_are_put_after_a_reload() {
    let trial = Trial::new(Sample::ALL, LONG, 1 << 20);
    trial.offer(r#"{"sleep": 100}"#, false);
    for _ in 0..10 {
        trial.offer("true", false);
    }
    let Trial { metrics, memory, shadow } = trial;
    drop(shadow);
    until(|| {
        let text = metrics.text().unwrap();
        text.contains("shadow_outcome=\"allowed\",shadow_version=\"2.0.0\",version=\"1.0.0\"} 10\n")
    });
    until(|| memory.used() == 0);
}

#[test]
fn sample_is_a_share_of_the_questions() {
    for (per_million, expected) in
        [(0, 0..=0), (Sample::ALL, 10_000..=10_000), (100_000, 900..=1100), (500_000, 4800..=5200)]
    {
        let trial = Trial::new(per_million, LONG, 1 << 20);
        let sampled = (0..10_000).filter(|_| trial.shadow.samples_next()).count();
        assert!(expected.contains(&sampled), "{per_million}: {sampled}");
    }
}
