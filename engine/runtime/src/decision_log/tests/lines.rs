use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::{LONG, config, dropped, event, id_of, record, settled, start, until};
use crate::config::LogDestination;
use crate::decision_log::DecisionLog;
use crate::telemetry::Metrics;

fn ids(path: &Path) -> Vec<u32> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "{text}");
    text.lines().map(|line| id_of(&serde_json::from_str(line).unwrap())).collect()
}

#[tokio::test]
async fn file_holds_one_line_per_event() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("decisions.jsonl");
    let (log, running, metrics) = start(&config(LogDestination::File(path.clone())));
    let input = serde_json::from_str("{\n  \"a\": \"\\n\"\r\n}").unwrap();
    let mut first = event(0);
    first.input = Some(input);
    log.record(&first, None).await;
    record(&log, 1..3000).await;
    running.close(LONG).await.unwrap();
    assert_eq!(ids(&path), (0..3000).collect::<Vec<_>>());
    assert_eq!(settled(&metrics), (3000, 0));
    let text = fs::read_to_string(&path).unwrap();
    let line: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(line["input"]["a"], "\n");
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o137, 0, "{mode:o}");
}

#[tokio::test]
async fn single_event_is_written_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let (log, running, _) = start(&config(LogDestination::File(path.clone())));
    record(&log, 0..1).await;
    until(|| ids(&path) == [0]).await;
    running.close(LONG).await.unwrap();
}

#[tokio::test]
async fn moved_file_is_reopened_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let (path, moved) = (folder.path().join("log"), folder.path().join("log.1"));
    let (log, running, metrics) = start(&config(LogDestination::File(path.clone())));
    record(&log, 0..5).await;
    until(|| metrics.written.get() == 5).await;
    fs::rename(&path, &moved).unwrap();
    record(&log, 5..8).await;
    until(|| metrics.written.get() == 8).await;
    log.reopen();
    until(|| path.exists()).await;
    record(&log, 8..10).await;
    running.close(LONG).await.unwrap();
    assert_eq!(ids(&moved), (0..8).collect::<Vec<_>>());
    assert_eq!(ids(&path), [8, 9]);
}

#[tokio::test]
async fn open_file_is_kept_if_reopening_fails() {
    let folder = tempfile::tempdir().unwrap();
    let (inner, moved) = (folder.path().join("logs"), folder.path().join("moved"));
    fs::create_dir(&inner).unwrap();
    let (log, running, metrics) = start(&config(LogDestination::File(inner.join("log"))));
    fs::rename(&inner, &moved).unwrap();
    log.reopen();
    record(&log, 0..5).await;
    running.close(LONG).await.unwrap();
    assert_eq!(ids(&moved.join("log")), (0..5).collect::<Vec<_>>());
    assert_eq!(settled(&metrics), (5, 0));
}

#[tokio::test]
async fn partial_last_line_is_ended_before_appending() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    fs::write(&path, "{\"decision_id\":\"00").unwrap();
    let (log, running, _) = start(&config(LogDestination::File(path.clone())));
    record(&log, 0..1).await;
    running.close(LONG).await.unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!((lines.len(), lines[0]), (2, "{\"decision_id\":\"00"));
    assert_eq!(id_of(&serde_json::from_str(lines[1]).unwrap()), 0);
}

/// Everything that is written to it fails for want of space.
const FULL: &str = "/dev/full";

#[tokio::test]
async fn full_disk_is_retried() {
    if !Path::new(FULL).exists() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    symlink(FULL, &path).unwrap();
    let mut config = config(LogDestination::File(path.clone()));
    config.buffer = 5000;
    let (log, running, metrics) = start(&config);
    record(&log, 0..100).await;
    until(|| metrics.failures.get() >= 2).await;
    assert_eq!(metrics.written.get(), 0);
    assert!(metrics.queued_bytes.get() <= 5000);
    let lost = dropped(&metrics, "full");
    assert!(lost > 50, "{lost}");
    fs::remove_file(&path).unwrap();
    log.reopen();
    running.close(LONG).await.unwrap();
    let kept = u32::try_from(100 - lost).unwrap();
    assert_eq!(ids(&path), (0..kept).collect::<Vec<_>>());
    assert_eq!(settled(&metrics), (kept.into(), lost));
}

#[tokio::test]
async fn full_disk_does_not_delay_shutdown() {
    if !Path::new(FULL).exists() {
        return;
    }
    let (log, running, metrics) = start(&config(LogDestination::File(FULL.into())));
    record(&log, 0..100).await;
    let lost = running.close(Duration::from_millis(50)).await.unwrap_err();
    assert_eq!(lost.events, 100);
    assert_eq!(settled(&metrics), (0, 100));
}

#[tokio::test]
async fn unwritable_file_fails_the_start() {
    let metrics = Metrics::new().unwrap().decision_log;
    let told = |path: &Path| {
        let config = config(LogDestination::File(path.to_owned()));
        DecisionLog::start(Some(&config), None, metrics.clone()).err().unwrap().to_string()
    };
    assert_eq!(
        told(Path::new("/nowhere/log")),
        "decision log: failed to open `/nowhere/log` to append to it: No such file or directory (os \
         error 2)"
    );
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    assert!(told(&pipe).ends_with("to append to it: No such device or address (os error 6)"));
    assert!(told(folder.path()).contains("Is a directory"));
    fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
}
