use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use policy_console::Reload;

use super::timestamp::timestamp;

/// Reloads that are remembered.
const KEPT: usize = 10;

/// Mistakes of one reload that are remembered.
const KEPT_MISTAKES: usize = 20;

/// The last loads of a changed configuration.
#[derive(Debug, Default)]
pub(crate) struct Reloads(Mutex<VecDeque<Reload>>);

impl Reloads {
    /// Remembers a load, with what was wrong with it.
    pub(crate) fn record(&self, mut mistakes: Vec<String>) {
        let more = mistakes.len().saturating_sub(KEPT_MISTAKES);
        mistakes.truncate(KEPT_MISTAKES);
        if more > 0 {
            mistakes.push(format!("and {more} more"));
        }
        let mut kept = self.lock();
        kept.truncate(KEPT - 1);
        kept.push_front(Reload { at: timestamp(SystemTime::now()), mistakes });
    }

    /// The last first.
    pub(crate) fn all(&self) -> Vec<Reload> {
        self.lock().iter().cloned().collect()
    }

    /// The last one, if it was refused.
    pub(crate) fn last_refused(&self) -> Option<Reload> {
        self.lock().front().filter(|reload| !reload.mistakes.is_empty()).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Reload>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_reloads_are_remembered_with_their_first_mistakes() {
        let reloads = Reloads::default();
        assert!(reloads.last_refused().is_none());
        for number in 0..KEPT + 5 {
            reloads.record(vec![number.to_string(); KEPT_MISTAKES + 2]);
        }
        let all = reloads.all();
        assert_eq!(all.len(), KEPT);
        assert_eq!(all[0].mistakes[0], "14");
        assert_eq!(all[0].mistakes.last().unwrap(), "and 2 more");
        assert!(reloads.last_refused().is_some());
        reloads.record(Vec::new());
        assert!(reloads.last_refused().is_none());
    }
}
