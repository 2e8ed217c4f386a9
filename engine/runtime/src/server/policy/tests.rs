use std::sync::atomic::{AtomicBool, Ordering};

use hyper::body::Bytes;

use super::evaluation::NOTICE;
use super::*;
use crate::Registry;
use crate::policies::Settings;
use crate::server::http::concurrency::Gate;
use crate::server::http::memory_budget::{MemoryBudget, Reservation};
use crate::telemetry::Metrics;
use crate::testing::{limits, registration};

/// A policy that may take 100 ms, on a server with this many threads that read requests.
struct Trial {
    metrics: Metrics,
    gate: Arc<Gate>,
    served: Arc<Served>,
}

impl Trial {
    fn new(threads: usize, blocking: bool) -> Self {
        let registry = Registry::from_registrations([registration("echo", "1.0.0")]).unwrap();
        let entry = registry.entries()[0].clone();
        let metrics = Metrics::new().unwrap();
        let served = Arc::new(Served {
            id: "echo".to_owned(),
            version: "1.0.0".to_owned(),
            instance: Instance::configure(&entry, &Settings::default()).unwrap(),
            entry,
            settings_digest: String::new(),
            timeout: Duration::from_millis(100),
            mode: Mode::Enforce,
            max_stuck: 2,
            discreet: false,
            blocking: AtomicBool::new(blocking),
            stuck: Arc::default(),
            metrics: metrics.policy("echo", "echo", "1.0.0"),
            readers: Arc::new(Readers::new(threads)),
        });
        let gate = Arc::new(Gate::new(&limits(), metrics.requests.clone()));
        Self { metrics, gate, served }
    }

    async fn ask(&self, input: &'static str) -> Result<String, NoAnswer> {
        let place = self.gate.enter().await.unwrap();
        let request_id = Some(Arc::from("1"));
        let question = Question {
            input: Bytes::from_static(input.as_bytes()),
            request_id,
            place,
            memory: Reservation::empty(&MemoryBudget::new(1 << 20)),
        };
        let answer = self.served.ask(question).await?;
        Ok(String::from_utf8(answer.output).unwrap())
    }

    fn figure(&self, name: &str) -> String {
        let text = self.metrics.text().unwrap();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
        line.rsplit(' ').next().unwrap().to_owned()
    }
}

fn run<T>(threads: usize, test: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(threads).enable_all().build().unwrap().block_on(test)
}

#[test]
fn a_panic_ends_nothing_but_its_request() {
    let trial = Trial::new(2, false);
    run(2, async {
        for _ in 0..20 {
            let Err(NoAnswer::Panicked(message)) = trial.ask("\"panic\"").await else { panic!() };
            assert!(message.starts_with("asked to panic, at "), "{message}");
        }
        assert_eq!(trial.ask("[1]").await.unwrap(), "[1]");
    });
    assert_eq!(
        trial.figure("policy_engine_decisions_total{id=\"echo\",outcome=\"panicked\""),
        "20"
    );
}

#[test]
fn who_overruns_is_answered_for_on_time_and_not_asked_when_too_many_do() {
    for blocking in [false, true] {
        let trial = Trial::new(3, blocking);
        run(3, async {
            let started = Instant::now();
            let (first, second) =
                tokio::join!(trial.ask(r#"{"sleep": 600}"#), trial.ask(r#"{"sleep": 600}"#));
            assert!(started.elapsed() < Duration::from_millis(400), "{:?}", started.elapsed());
            let late = NoAnswer::TimedOut(Duration::from_millis(100));
            assert_eq!((first.unwrap_err(), second.unwrap_err()), (late.clone(), late));
            tokio::time::sleep(2 * NOTICE).await;
            assert_eq!(trial.ask("1").await.unwrap_err(), NoAnswer::Stuck(2));
            assert_eq!(trial.figure("policy_engine_evaluations_stuck"), "2");
            assert_eq!(trial.figure("policy_engine_requests_in_flight"), "0");

            tokio::time::sleep(Duration::from_millis(700)).await;
            assert_eq!(trial.ask("1").await.unwrap(), "1");
            assert_eq!(trial.figure("policy_engine_evaluations_stuck"), "0");
            assert_eq!(trial.figure("policy_engine_requests_in_flight"), "0");
        });
        // Once is enough: from then on it has threads of its own.
        assert!(trial.served.blocking.load(Ordering::Relaxed));
    }
}

#[test]
fn the_last_thread_that_reads_requests_is_not_given_to_a_policy() {
    let trial = Trial::new(2, false);
    run(2, async {
        let (slow, quick) = tokio::join!(trial.ask(r#"{"sleep": 90}"#), async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            // The one thread that may be held is: this runs on another.
            trial.ask(r#"{"sleep": 1}"#).await
        });
        assert!(quick.is_ok() && slow.is_ok(), "{quick:?} {slow:?}");
        assert_eq!(trial.served.readers.free(), 1);
    });
}
