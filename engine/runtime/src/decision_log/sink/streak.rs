use std::time::Duration;

use crate::decision_log::queue::Inbox;

/// Tells of the first of failures in a row, and of their end.
#[derive(Debug, Default)]
pub(super) struct Streak {
    pub(super) failures: u64,
}

impl Streak {
    /// `what` failed, and is tried again.
    pub(super) fn fail(&mut self, what: &str, after: Duration, inbox: &Inbox) {
        self.failures += 1;
        inbox.ledger.count_failure();
        let (after, waiting) = (humantime::format_duration(after), inbox.ledger.queued_events());
        if self.failures == 1 {
            tracing::warn!(
                "decision log: {what}; trying again in {after} and until it works, while \
                 {waiting} events wait"
            );
        } else {
            tracing::debug!("decision log: {what}; trying again in {after}");
        }
    }

    /// `to` what is written; it is asked for only after a failure.
    pub(super) fn succeed(&mut self, to: impl FnOnce() -> String, inbox: &Inbox) {
        if self.failures > 0 {
            let to = to();
            tracing::info!(
                "decision log: {to} works again, after {} attempts; {} events wait",
                self.failures,
                inbox.ledger.queued_events()
            );
            self.failures = 0;
        }
    }
}
