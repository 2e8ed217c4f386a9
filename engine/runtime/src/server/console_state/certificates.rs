use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use policy_console::Certificate;

use super::timestamp::timestamp;
use crate::server::listen::ServedCertificate;

/// Seconds of a day.
const DAY: i64 = 24 * 60 * 60;

/// The certificate of the server, whichever is in force.
pub(crate) struct Certificates {
    served: ServedCertificate,
    file: PathBuf,
}

impl Certificates {
    pub(crate) fn new(served: ServedCertificate, file: PathBuf) -> Self {
        Self { served, file }
    }

    /// The one in force, unless it is never valid.
    pub(crate) fn all(&self, now: SystemTime) -> Vec<Certificate> {
        let Some(not_after) = self.served.not_after() else { return Vec::new() };
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let [not_after_seconds, now] =
            [not_after, now].map(|time| i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
        vec![Certificate {
            file: self.file.display().to_string(),
            not_after: timestamp(SystemTime::UNIX_EPOCH + not_after.min(LATEST)),
            days_left: not_after_seconds.saturating_sub(now).div_euclid(DAY),
        }]
    }
}

/// The last moment that RFC 3339 can write.
const LATEST: Duration = Duration::from_secs(253_402_300_799);
