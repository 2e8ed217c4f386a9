use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Trials at one time.
const MAX_TRIALS: usize = 2;

/// The time that a trial waits for another one to end.
const WAIT: Duration = Duration::from_secs(2);

/// The places of trials.
pub(crate) struct TrialPlaces(Arc<Semaphore>);

/// The place of a trial, until all of its evaluations have ended.
pub(crate) type TrialPlace = Arc<OwnedSemaphorePermit>;

impl Default for TrialPlaces {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_TRIALS)))
    }
}

impl TrialPlaces {
    /// A place, which may be waited for.
    ///
    /// # Errors
    /// When none is free in time.
    pub(crate) async fn place(&self) -> Result<TrialPlace, String> {
        let waiting = timeout(WAIT, Arc::clone(&self.0).acquire_owned());
        match waiting.await {
            Ok(Ok(permit)) => Ok(Arc::new(permit)),
            Ok(Err(_)) | Err(_) => Err(format!(
                "{MAX_TRIALS} trials are made already and have not ended: try again later; a policy \
                 that never ends holds its place until the server is restarted"
            )),
        }
    }
}
