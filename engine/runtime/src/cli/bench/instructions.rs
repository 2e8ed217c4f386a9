use perf_event::events::Hardware;
use perf_event::{Builder, Counter};

/// The instructions of this thread, where the machine counts them and lets this program see it.
/// Virtual machines often have no counters, and containers are often not let.
pub(super) struct Instructions(Counter);

impl Instructions {
    pub(super) fn new() -> Option<Self> {
        Builder::new(Hardware::INSTRUCTIONS).build().ok().map(Self)
    }

    /// The instructions that some work takes.
    pub(super) fn count(&mut self, work: impl FnOnce()) -> Option<u64> {
        self.0.reset().ok()?;
        self.0.enable().ok()?;
        work();
        self.0.disable().ok()?;
        self.0.read().ok()
    }
}
