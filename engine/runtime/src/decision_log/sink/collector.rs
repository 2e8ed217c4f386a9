use std::time::Duration;

use hyper::body::Bytes;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

use super::batch::UploadBatch;
use super::upload::{CollectorEndpoint, UploadError, UploadOutcome};
use super::{SinkError, Streak};
use crate::config;
use crate::decision_log::queue::{Inbox, LogPhase};

/// The delay after the first failed attempt.
const FIRST_RETRY_DELAY: Duration = Duration::from_millis(100);

/// Uploads events to a collector, as OPA does: one upload after another, in order, each until the
/// collector takes it.
#[derive(Debug)]
pub(in crate::decision_log) struct Uploader {
    endpoint: CollectorEndpoint,
    upload: usize,
    delay: Duration,
    max_retry_delay: Duration,
    streak: Streak,
}

impl Uploader {
    pub(super) fn new(config: &config::CollectorConfig) -> Result<Self, SinkError> {
        Ok(Self {
            endpoint: CollectorEndpoint::new(config)?,
            upload: config.upload,
            delay: config.delay,
            max_retry_delay: config.max_retry_delay,
            streak: Streak::default(),
        })
    }

    pub(super) async fn run(mut self, inbox: &mut Inbox) {
        let mut left_over = None;
        loop {
            let first = match left_over.take() {
                Some(event) => Some(event),
                None => inbox.next().await,
            };
            let Some(first) = first else { return };
            let mut batch = UploadBatch::new(first);
            let send = Instant::now() + self.delay;
            loop {
                let event = tokio::select! {
                    biased;
                    event = inbox.next() => event,
                    () = sleep_until(send) => None,
                };
                let Some(event) = event else { break };
                if let Err(event) = batch.push(event, self.upload) {
                    left_over = Some(event);
                    break;
                }
            }
            self.deliver(batch, inbox).await;
        }
    }

    /// Returns when the collector has taken all of it, but for what is too large even by itself.
    async fn deliver(&mut self, batch: UploadBatch, inbox: &Inbox) {
        let mut parts = vec![batch];
        while let Some(part) = parts.pop() {
            match self.upload_until_answered(&part, inbox).await {
                UploadOutcome::Accepted => inbox.ledger.commit(part.events(), part.bytes()),
                UploadOutcome::TooLarge => match part.split() {
                    (first, Some(second)) => parts.extend([second, first]),
                    (single, None) => inbox.ledger.discard(single.bytes()),
                },
            }
        }
    }

    async fn upload_until_answered(&mut self, batch: &UploadBatch, inbox: &Inbox) -> UploadOutcome {
        let gzip = match batch.gzip() {
            Ok(gzip) => Bytes::from(gzip),
            Err(error) => {
                tracing::error!("decision log: failed to compress an upload: {error}");
                return UploadOutcome::TooLarge;
            }
        };
        let mut phase = inbox.phase();
        let mut backoff = Backoff::new(self.max_retry_delay);
        loop {
            let error = match self.endpoint.upload(gzip.clone()).await {
                Ok(answer) => {
                    let name = || format!("`{}`", self.endpoint.name());
                    self.streak.succeed(name, inbox);
                    return answer;
                }
                Err(error) => error,
            };
            let closing = is_closing(&phase);
            let pause = backoff.next(&error, closing);
            let what = format!("failed to upload to `{}`: {error}", self.endpoint.name());
            self.streak.fail(&what, pause, inbox);
            tokio::select! {
                () = sleep(pause) => {}
                // There is little time left: the pause is over, and the next ones are short.
                _ = phase.wait_for(|phase| *phase >= LogPhase::Closing), if !closing => {
                    backoff = Backoff::new(self.max_retry_delay);
                }
            }
        }
    }
}

/// Returns whether the log is closing, or nobody is left who could close it.
fn is_closing(phase: &watch::Receiver<LogPhase>) -> bool {
    *phase.borrow() >= LogPhase::Closing || phase.has_changed().is_err()
}

/// The delay between attempts: twice as long each time, up to a limit.
#[derive(Debug)]
struct Backoff {
    next: Duration,
    max: Duration,
}

impl Backoff {
    fn new(max: Duration) -> Self {
        Self { next: FIRST_RETRY_DELAY.min(max), max }
    }

    fn next(&mut self, error: &UploadError, closing: bool) -> Duration {
        // Between half of it and all: servers that saw one failure do not come back at one time.
        let part = f64::from(Uuid::new_v4().as_fields().0) / f64::from(u32::MAX);
        let pause = self.next.mul_f64(0.5 + part / 2.0);
        self.next = self.next.saturating_mul(2).min(self.max);
        match error.retry_after() {
            Some(wanted) if !closing => pause.max(wanted.min(self.max)),
            _ => pause,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::StatusCode;

    fn refused(retry_after: Option<u64>) -> UploadError {
        UploadError::Refused {
            status: StatusCode::SERVICE_UNAVAILABLE,
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    #[test]
    fn pauses_double_up_to_the_limit() {
        let mut backoff = Backoff::new(Duration::from_millis(350));
        for whole in [100, 200, 350, 350] {
            let pause = backoff.next(&refused(None), false);
            let whole = Duration::from_millis(whole);
            assert!(whole / 2 <= pause && pause <= whole, "{pause:?} of {whole:?}");
        }
    }

    #[test]
    fn retry_after_is_followed_up_to_the_limit_except_on_shutdown() {
        let mut backoff = Backoff::new(Duration::from_secs(5));
        assert_eq!(backoff.next(&refused(Some(3)), false), Duration::from_secs(3));
        assert_eq!(backoff.next(&refused(Some(60)), false), Duration::from_secs(5));
        assert!(backoff.next(&refused(Some(3)), true) < Duration::from_secs(1));
    }
}
