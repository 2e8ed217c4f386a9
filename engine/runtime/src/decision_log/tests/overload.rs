use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::collector::{Behaviour, Collector};
use super::{LONG, dropped, event, id_of, record, settle, settled, start, until};
use crate::config::WhenFull;

#[tokio::test]
async fn events_above_the_full_buffer_are_dropped_and_counted() {
    let collector = Collector::start(Behaviour::Stall).await;
    let mut config = collector.impatient_log();
    config.buffer = 20_000;
    let (log, running, metrics) = start(&config);
    let began = Instant::now();
    record(&log, 0..1000).await;
    assert!(began.elapsed() < LONG / 4, "recording waited: {:?}", began.elapsed());
    assert!(metrics.queued_bytes.get() <= 20_000);
    let lost = dropped(&metrics, "full");
    assert!(lost > 800, "{lost}");
    until(|| metrics.failures.get() >= 2).await;
    collector.behave(Behaviour::Take);
    running.close(LONG).await.unwrap();

    // What was queued first is what is kept, once each.
    let kept = u32::try_from(1000 - lost).unwrap();
    assert_eq!(collector.ids(), (0..kept).collect::<Vec<_>>());
    assert_eq!(settled(&metrics), (kept.into(), lost));
}

#[tokio::test]
async fn buffer_drains_when_the_collector_recovers() {
    let collector = Collector::start(Behaviour::Refuse(500, None)).await;
    let mut config = collector.log();
    config.buffer = 20_000;
    let (log, running, metrics) = start(&config);
    record(&log, 0..1000).await;
    collector.behave(Behaviour::Take);
    until(|| metrics.queued.get() == 0).await;
    let before = dropped(&metrics, "full");
    record(&log, 1000..1010).await;
    running.close(LONG).await.unwrap();
    assert_eq!(dropped(&metrics, "full"), before);
    assert_eq!(settled(&metrics), (1010 - before, before));
    assert_eq!(collector.ids().len() as u64, 1010 - before);
}

#[tokio::test]
async fn wait_mode_drops_no_event() {
    let collector = Collector::start(Behaviour::Stall).await;
    let mut config = collector.impatient_log();
    config.buffer = 20_000;
    config.when_full = WhenFull::Wait;
    let (log, running, metrics) = start(&config);
    let recording = tokio::spawn({
        let log = log.clone();
        async move { record(&log, 0..500).await }
    });
    // An event has some 400 bytes.
    until(|| metrics.queued_bytes.get() > 19_000).await;
    settle().await;
    assert!(!recording.is_finished() && metrics.queued_bytes.get() <= 20_000);
    collector.behave(Behaviour::Take);
    timeout(LONG, recording).await.unwrap().unwrap();
    running.close(LONG).await.unwrap();
    assert_eq!(collector.ids(), (0..500).collect::<Vec<_>>());
    assert_eq!(settled(&metrics), (500, 0));
}

#[tokio::test]
async fn cancelled_wait_for_the_buffer_counts_as_dropped() {
    let collector = Collector::start(Behaviour::Stall).await;
    let mut config = collector.impatient_log();
    config.buffer = 400;
    config.when_full = WhenFull::Wait;
    let (log, running, metrics) = start(&config);
    log.record(&event(0), None).await;
    let waiting = tokio::spawn({
        let log = log.clone();
        async move { log.record(&event(1), None).await }
    });
    settle().await;
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    assert_eq!(dropped(&metrics, "full"), 1);
    collector.behave(Behaviour::Take);
    running.close(LONG).await.unwrap();
    assert_eq!(collector.ids(), [0]);
    assert_eq!(settled(&metrics), (1, 1));
}

#[tokio::test]
async fn event_larger_than_the_buffer_is_dropped_at_once() {
    let collector = Collector::start(Behaviour::Take).await;
    let mut config = collector.log();
    config.buffer = 1000;
    config.when_full = WhenFull::Wait;
    let (log, running, metrics) = start(&config);
    let large = serde_json::value::to_raw_value(&"x".repeat(1000)).unwrap();
    let mut too_large = event(0);
    too_large.input = Some(&large);
    timeout(LONG, log.record(&too_large, None)).await.unwrap();
    record(&log, 1..2).await;
    running.close(LONG).await.unwrap();
    assert_eq!(dropped(&metrics, "too_large"), 1);
    assert_eq!(settled(&metrics), (1, 1));
    assert_eq!(collector.ids(), [1]);
}

#[tokio::test]
async fn shutdown_ends_on_time_and_reports_lost_events() {
    let collector = Collector::start(Behaviour::Take).await;
    let (log, running, metrics) = start(&collector.impatient_log());
    record(&log, 0..5).await;
    until(|| metrics.written.get() == 5).await;
    collector.behave(Behaviour::Stall);
    record(&log, 5..100).await;
    let began = Instant::now();
    let lost = running.close(Duration::from_millis(300)).await.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(lost.events, 95);
    assert_eq!(lost.to_string(), "the decision log was not written to its end: 95 events are lost");
    assert_eq!(dropped(&metrics, "shutdown"), 95);
    assert_eq!(settled(&metrics), (5, 95));
    assert_eq!(collector.ids(), [0, 1, 2, 3, 4]);

    // And what comes after the end does not wait for it.
    timeout(LONG, record(&log, 100..103)).await.unwrap();
    assert_eq!(settled(&metrics), (5, 98));
}

#[tokio::test]
async fn shutdown_releases_requests_that_wait_for_the_buffer() {
    let collector = Collector::start(Behaviour::Stall).await;
    let mut config = collector.impatient_log();
    config.buffer = 2000;
    config.when_full = WhenFull::Wait;
    let (log, running, metrics) = start(&config);
    let recording = tokio::spawn(async move { record(&log, 0..50).await });
    until(|| collector.attempts() >= 1).await;
    running.close(Duration::from_millis(50)).await.unwrap_err();
    timeout(LONG, recording).await.unwrap().unwrap();
    assert_eq!(settled(&metrics), (0, 50));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_is_accounted_for_under_load_and_failures() {
    let mut collector = Collector::start(Behaviour::Take).await;
    let mut config = collector.impatient_log();
    config.buffer = 32 << 10;
    let (log, running, metrics) = start(&config);
    let steps = Arc::new(Semaphore::new(0));
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let (log, steps) = (log.clone(), Arc::clone(&steps));
            tokio::spawn(async move {
                for number in writer * 2000..(writer + 1) * 2000 {
                    log.record(&event(number), None).await;
                    // Each mishap lets as many more events through.
                    if number % 400 == 399 {
                        steps.acquire().await.unwrap().forget();
                    }
                }
            })
        })
        .collect();
    for behaviour in [
        Behaviour::Stall,
        Behaviour::Refuse(503, Some(1)),
        Behaviour::HangUp,
        Behaviour::Limit(2000),
        Behaviour::Take,
    ] {
        let attempts = collector.attempts();
        collector.behave(behaviour);
        steps.add_permits(4);
        until(|| collector.attempts() > attempts).await;
        collector.kill().await;
        collector.restart().await;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    running.close(LONG).await.unwrap();

    let (written, dropped) = settled(&metrics);
    let taken: BTreeSet<_> =
        collector.uploads().iter().flat_map(|upload| &upload.events).map(id_of).collect();
    assert_eq!(taken.len() as u64, written);
    assert_eq!(written + dropped, 8000);
}
