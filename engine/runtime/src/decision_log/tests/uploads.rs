use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::timeout;

use super::collector::{Behaviour, Collector};
use super::{LONG, config, dropped, event, record, settled, start, until};
use crate::config::{LogDestination, WhenFull};
use crate::decision_log::DecisionLog;
use crate::telemetry::Metrics;

#[tokio::test]
async fn every_event_arrives_once_and_in_order() {
    let collector = Collector::start(Behaviour::Take).await;
    let (log, running, metrics) = start(&collector.log());
    record(&log, 0..500).await;
    running.close(LONG).await.unwrap();

    assert_eq!(collector.ids(), (0..500).collect::<Vec<_>>());
    assert_eq!(settled(&metrics), (500, 0));
    assert_eq!(metrics.failures.get(), 0);
    let uploads = collector.uploads();
    // A connection is used again, unless the next upload is faster than its return to the pool.
    assert!(collector.connections() < uploads.len() / 2, "{}", collector.connections());
    assert!(uploads.len() < 100, "{} uploads", uploads.len());
    for upload in uploads {
        assert_eq!(upload.path, "/opa/logs");
        assert_eq!(upload.headers["content-type"], "application/json");
        assert_eq!(upload.headers["content-encoding"], "gzip");
        assert!(!upload.headers.contains_key("authorization"));
        assert!(upload.bytes <= 4096, "{} bytes", upload.bytes);
    }
}

#[tokio::test]
async fn events_are_sent_after_the_delay() {
    let collector = Collector::start(Behaviour::Take).await;
    let (log, running, metrics) = start(&collector.log());
    record(&log, 0..1).await;
    until(|| collector.ids() == [0]).await;
    until(|| metrics.queued.get() == 0).await;
    record(&log, 1..3).await;
    until(|| collector.ids() == [0, 1, 2]).await;
    running.close(LONG).await.unwrap();
    assert_eq!(settled(&metrics), (3, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restarted_collector_gets_every_event() {
    let mut collector = Collector::start(Behaviour::Take).await;
    let mut config = collector.log();
    config.when_full = WhenFull::Wait;
    config.buffer = 16 << 10;
    let (log, running, metrics) = start(&config);
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let log = log.clone();
            tokio::spawn(async move { record(&log, writer * 500..(writer + 1) * 500).await })
        })
        .collect();
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        collector.kill().await;
        tokio::time::sleep(Duration::from_millis(30)).await;
        collector.restart().await;
    }
    for writer in writers {
        timeout(LONG, writer).await.unwrap().unwrap();
    }
    running.close(LONG).await.unwrap();

    let taken: BTreeSet<_> = collector.ids().into_iter().collect();
    assert_eq!(taken, (0..2000).collect());
    assert_eq!(settled(&metrics), (2000, 0));
    assert!(metrics.failures.get() > 0);
}

#[tokio::test]
async fn refused_uploads_are_retried() {
    // A redirect is one: nobody else gets these decisions.
    for status in [500, 429, 401, 302] {
        let collector = Collector::start(Behaviour::Refuse(status, Some(3600))).await;
        let (log, running, metrics) = start(&collector.log());
        record(&log, 0..10).await;
        until(|| metrics.failures.get() >= 3).await;
        assert_eq!((collector.ids(), metrics.written.get()), (vec![], 0));
        collector.behave(Behaviour::Take);
        running.close(LONG).await.unwrap();
        assert_eq!(collector.ids(), (0..10).collect::<Vec<_>>());
        assert_eq!(settled(&metrics), (10, 0));
    }
}

#[tokio::test]
async fn lost_response_duplicates_events_but_loses_none() {
    let collector = Collector::start(Behaviour::HangUp).await;
    // Shutdown sends them, so all three are in one upload.
    let (log, running, metrics) = start(&collector.patient_log());
    record(&log, 0..3).await;
    let recovery = async {
        until(|| metrics.failures.get() >= 1).await;
        collector.behave(Behaviour::Take);
    };
    let (closed, ()) = tokio::join!(running.close(LONG), recovery);
    closed.unwrap();
    let ids = collector.ids();
    assert!(ids.len() >= 6 && ids.chunks(3).all(|chunk| chunk == [0, 1, 2]), "{ids:?}");
    assert_eq!(settled(&metrics), (3, 0));
}

#[tokio::test]
async fn oversized_upload_is_split_and_only_oversized_events_dropped() {
    let collector = Collector::start(Behaviour::Limit(1000)).await;
    let (log, running, metrics) = start(&collector.log());
    let large = serde_json::value::to_raw_value(&"x".repeat(1000)).unwrap();
    record(&log, 0..7).await;
    let mut seventh = event(7);
    seventh.input = Some(&large);
    log.record(&seventh, None).await;
    record(&log, 8..20).await;
    running.close(LONG).await.unwrap();

    let expected: Vec<_> = (0..20).filter(|number| *number != 7).collect();
    assert_eq!(collector.ids(), expected);
    assert_eq!(settled(&metrics), (19, 1));
    assert_eq!(dropped(&metrics, "too_large"), 1);
    assert_eq!(metrics.failures.get(), 0);
}

#[tokio::test]
async fn event_larger_than_the_upload_limit_is_sent_alone() {
    let collector = Collector::start(Behaviour::Take).await;
    let (log, running, _) = start(&collector.patient_log());
    let large = serde_json::value::to_raw_value(&"x".repeat(5000)).unwrap();
    record(&log, 0..2).await;
    let mut second = event(2);
    second.input = Some(&large);
    log.record(&second, None).await;
    record(&log, 3..5).await;
    running.close(LONG).await.unwrap();
    let uploads: Vec<_> = collector.uploads().iter().map(|upload| upload.events.len()).collect();
    assert_eq!(uploads, [2, 1, 2]);
    assert_eq!(collector.uploads()[1].events[0]["input"], json!("x".repeat(5000)));
}

#[tokio::test]
async fn token_file_is_read_for_each_upload() {
    let collector = Collector::start(Behaviour::Take).await;
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    let mut to = collector.config();
    to.token = Some(token.clone());
    let (log, running, metrics) = start(&config(LogDestination::Collector(to)));
    record(&log, 0..1).await;
    until(|| metrics.failures.get() >= 1).await;
    assert_eq!(collector.attempts(), 0);
    fs::write(&token, "first\n").unwrap();
    until(|| collector.uploads().len() == 1).await;
    fs::write(&token, "second").unwrap();
    record(&log, 1..2).await;
    running.close(LONG).await.unwrap();
    let tokens: Vec<_> = collector
        .uploads()
        .iter()
        .map(|upload| upload.headers["authorization"].to_str().unwrap().to_owned())
        .collect();
    assert_eq!(tokens, ["Bearer first", "Bearer second"]);
}

#[tokio::test]
async fn shutdown_skips_upload_delay_and_retry_pause() {
    let collector = Collector::start(Behaviour::Refuse(503, Some(3600))).await;
    let mut to = collector.config();
    to.max_retry_delay = Duration::from_hours(1);
    let (log, running, metrics) = start(&config(LogDestination::Collector(to)));
    record(&log, 0..2).await;
    until(|| metrics.failures.get() == 1).await;
    let (patient, patient_running, _) = start(&collector.patient_log());
    record(&patient, 2..4).await;
    collector.behave(Behaviour::Take);

    let began = Instant::now();
    running.close(LONG).await.unwrap();
    patient_running.close(LONG).await.unwrap();
    assert!(began.elapsed() < LONG / 4, "{:?}", began.elapsed());
    assert_eq!(collector.ids(), [0, 1, 2, 3]);
    assert_eq!(settled(&metrics), (2, 0));
}

#[tokio::test]
async fn reloaded_redaction_applies_to_later_events() {
    let collector = Collector::start(Behaviour::Take).await;
    let mut config = collector.log();
    let (log, running, _) = start(&config);
    let input = serde_json::value::to_raw_value(&json!({"password": "x"})).unwrap();
    let mut event = event(0);
    event.input = Some(&input);
    log.record(&event, None).await;
    config.erase = vec!["password".to_owned()];
    log.set_redaction(&config).unwrap_err();
    config.erase = vec!["/input/password".to_owned()];
    config.labels.insert("team".to_owned(), "red".to_owned());
    log.set_redaction(&config).unwrap();
    log.record(&event, None).await;
    running.close(LONG).await.unwrap();
    let uploads = collector.uploads();
    let [before, after] = &uploads.iter().flat_map(|upload| &upload.events).collect::<Vec<_>>()[..]
    else {
        panic!("two events were recorded");
    };
    assert_eq!(before["input"], json!({"password": "x"}));
    assert_eq!((&after["input"], &after["labels"]["team"]), (&json!({}), &json!("red")));
    assert_eq!(before["labels"]["id"], after["labels"]["id"]);
}

#[tokio::test]
async fn invalid_collector_fails_the_start() {
    let metrics = Metrics::new().unwrap().decision_log;
    let collector = Collector::start(Behaviour::Take).await;
    let told = |url: &str, ca: Option<&str>| {
        let mut to = collector.config();
        url.clone_into(&mut to.url);
        to.ca = ca.map(Into::into);
        let config = config(LogDestination::Collector(to));
        let started = DecisionLog::start(Some(&config), None, metrics.clone());
        started.err().unwrap().to_string()
    };
    assert_eq!(
        told("logs.example.com", None),
        "decision log: `logs.example.com` is no URL of a collector: expected one such as \
         `https://logs.example.com`"
    );
    assert!(told("ftp://logs", None).contains("`ftp://logs` is no URL"));
    assert_eq!(
        told("https://logs", Some("/nowhere/ca.pem")),
        "decision log: failed to read certificates from `/nowhere/ca.pem`: No such file or directory \
         (os error 2)"
    );
    assert_eq!(
        told("https://logs", Some("/dev/null")),
        "decision log: failed to read certificates from `/dev/null`: it is not a regular file, which \
         could be read again when it changes"
    );
}
