use std::time::Instant;

use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

use super::*;
use crate::decision_log::{EventError, Share};

const KEPT_BYTES: usize = 64 << 10;

fn input() -> Box<RawValue> {
    to_raw_value(&json!({"password": "s3cret", "user": "ann"})).unwrap()
}

/// The events that are kept, the latest first.
fn events(log: &DecisionLog) -> Vec<Value> {
    let kept = log.kept().unwrap().latest_first();
    kept.map(|event| serde_json::from_slice(&event).unwrap()).collect()
}

#[tokio::test]
async fn events_are_kept_where_no_log_is_written() {
    let metrics = Metrics::new().unwrap().decision_log;
    let (log, handle) = DecisionLog::start(None, Some(KEPT_BYTES), metrics.clone()).unwrap();
    let log = log.unwrap();
    assert!(handle.is_none() && !log.is_written());
    let input = input();
    let event = Event { input: Some(&input), ..event(1) };
    log.record(&event, Some(Share::Others)).await;
    log.record(&event, None).await;
    let [kept] = &events(&log)[..] else { panic!("one event is kept") };
    assert_eq!(kept["input"], json!({"password": "s3cret", "user": "ann"}));
    assert_eq!(kept["custom"]["id"], "web-pods");
    assert_eq!(settled(&metrics), (0, 0));
    let nothing = DecisionLog::start(None, None, metrics).unwrap();
    assert!(nothing.0.is_none() && nothing.1.is_none());
}

#[tokio::test]
async fn events_are_kept_as_they_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let mut config = config(LogDestination::File(path.clone()));
    config.erase = vec!["/input/password".to_owned()];
    config.labels.insert("team".to_owned(), "red".to_owned());
    let metrics = Metrics::new().unwrap().decision_log;
    let (log, handle) = DecisionLog::start(Some(&config), Some(KEPT_BYTES), metrics).unwrap();
    let log = log.unwrap();
    let input = input();
    let event = Event { input: Some(&input), ..event(1) };
    log.record(&event, Some(Share::Denials)).await;
    handle.unwrap().close(LONG).await.unwrap();
    let written: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(events(&log), [written]);
}

#[tokio::test]
async fn changed_masks_drop_what_was_kept_under_others() {
    let metrics = Metrics::new().unwrap().decision_log;
    let mut config = config(LogDestination::Stdout);
    let (log, _) = DecisionLog::start(None, Some(KEPT_BYTES), metrics).unwrap();
    let log = log.unwrap();
    let input = input();
    let event = Event { input: Some(&input), ..event(1) };
    log.record(&event, Some(Share::Others)).await;
    config.labels.insert("team".to_owned(), "red".to_owned());
    log.set_redaction(&config).unwrap();
    assert_eq!(events(&log).len(), 1, "labels hide nothing");
    config.mask.insert("/input/password".to_owned(), json!("-"));
    log.set_redaction(&config).unwrap();
    assert_eq!(events(&log), Vec::<Value>::new());
    log.record(&event, Some(Share::Others)).await;
    log.set_redaction(&config).unwrap();
    assert_eq!(events(&log)[0]["input"], json!({"password": "-", "user": "ann"}));
}

#[tokio::test]
async fn large_event_is_kept_without_its_values() {
    let metrics = Metrics::new().unwrap().decision_log;
    let (log, _) = DecisionLog::start(None, Some(KEPT_BYTES), metrics).unwrap();
    let log = log.unwrap();
    let large = to_raw_value(&"x".repeat(KEPT_BYTES)).unwrap();
    let error = EventError { code: "internal_error", message: "quotes", understood: true };
    let event = Event { input: Some(&large), result: Some(&large), error: Some(error), ..event(1) };
    log.record(&event, Some(Share::Denials)).await;
    let mut config = config(LogDestination::Stdout);
    let kept = events(&log).remove(0);
    assert_eq!((&kept["input"], &kept["result"]), (&Value::Null, &Value::Null));
    assert_eq!(kept["custom"]["omitted"], json!(["/input", "/result"]));
    assert_eq!(kept["error"]["message"], "quotes");
    config.erase = vec!["/input/password".to_owned()];
    log.set_redaction(&config).unwrap();
    log.record(&event, Some(Share::Denials)).await;
    let kept = events(&log).remove(0);
    assert_eq!(
        (&kept["erased"], &kept["custom"]["omitted"]),
        (&json!(["/input"]), &json!(["/result"]))
    );
    assert_ne!(kept["error"]["message"], "quotes");
}

#[tokio::test]
async fn so_many_of_a_second_are_kept_of_each_share() {
    let metrics = Metrics::new().unwrap().decision_log;
    let (log, _) = DecisionLog::start(None, Some(KEPT_BYTES), metrics).unwrap();
    let log = log.unwrap();
    let began = Instant::now();
    let admitted = (0..1000).filter(|_| log.keeps(Share::Others, began)).count();
    let counts = log.kept().unwrap().counts();
    assert_eq!(admitted, usize::try_from(counts.max_per_second).unwrap());
    assert_eq!(counts.passed_over, 1000 - admitted as u64);
    assert!(log.keeps(Share::Denials, began));
}
