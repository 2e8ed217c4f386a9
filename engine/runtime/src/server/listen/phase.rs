use tokio::sync::watch;

/// The phases of a server's shutdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ShutdownPhase {
    Serving,
    /// No connections are accepted; those that are open end after their last response.
    Draining,
    /// Connections that are still open are cut off.
    Ended,
}

impl ShutdownPhase {
    /// Waits until the phase is reached, or its sender is gone.
    pub(super) async fn reached(self, phase: &mut watch::Receiver<Self>) {
        drop(phase.wait_for(|phase| *phase >= self).await);
    }
}
