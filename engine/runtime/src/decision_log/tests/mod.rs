//! Each test sends decisions to something real, and accounts for every one of them.

mod collector;
#[cfg(feature = "console")]
mod kept;
mod lines;
mod overload;
#[cfg(feature = "tls")]
mod tls;
mod uploads;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use uuid::Uuid;

use super::{DecisionLog, DecisionLogHandle, Event};
use crate::config::{self, LogDestination, WhenFull};
use crate::telemetry::{DecisionLogMetrics, Metrics};

/// More than any test takes.
const LONG: Duration = Duration::from_secs(20);

fn config(to: LogDestination) -> config::DecisionLogConfig {
    config::DecisionLogConfig {
        to,
        labels: BTreeMap::new(),
        erase: Vec::new(),
        mask: BTreeMap::new(),
        buffer: 1 << 20,
        when_full: WhenFull::Drop,
    }
}

fn start(
    config: &config::DecisionLogConfig,
) -> (DecisionLog, DecisionLogHandle, DecisionLogMetrics) {
    let metrics = Metrics::new().unwrap().decision_log;
    let (log, running) = DecisionLog::start(Some(config), None, metrics.clone()).unwrap();
    (log.unwrap(), running.unwrap(), metrics)
}

fn id(number: u32) -> Uuid {
    Uuid::from_u128(number.into())
}

fn event(number: u32) -> Event<'static> {
    Event {
        decision_id: id(number),
        batch_decision_id: None,
        trace: None,
        path: "web-pods/allowed",
        input: None,
        result: None,
        error: None,
        requested_by: "unix",
        received: SystemTime::UNIX_EPOCH,
        usage: None,
        evaluation: Duration::from_micros(3),
        request_id: "",
        policy: "pod-security",
        version: "1.0.0",
        id: "web-pods",
        verdict: None,
        checks: &[],
        mode: crate::config::Mode::Enforce,
    }
}

async fn record(log: &DecisionLog, numbers: std::ops::Range<u32>) {
    for number in numbers {
        log.record(&event(number), None).await;
    }
}

fn id_of(event: &Value) -> u32 {
    let id: Uuid = event["decision_id"].as_str().unwrap().parse().unwrap();
    id.as_u128().try_into().unwrap()
}

fn dropped(metrics: &DecisionLogMetrics, reason: &str) -> u64 {
    metrics.dropped.with_label_values(&[reason]).get()
}

/// Events written and dropped, when nothing waits any more.
fn settled(metrics: &DecisionLogMetrics) -> (u64, u64) {
    assert_eq!((metrics.queued.get(), metrics.queued_bytes.get()), (0, 0));
    let dropped = ["full", "too_large", "shutdown"].map(|reason| dropped(metrics, reason));
    (metrics.written.get(), dropped.iter().sum())
}

/// Waits until something is so.
async fn until(mut is_so: impl FnMut() -> bool) {
    tokio::time::timeout(LONG, async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("it never came to be");
}

/// Lets all tasks of this thread that are ready run.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}
