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
pub(crate) struct Reloads {
    last: Mutex<VecDeque<Reload>>,
    /// Settings that have changed since the start, and wait for the next one.
    pending: Mutex<Vec<&'static str>>,
}

impl Reloads {
    /// Remembers a load, with what was wrong with it.
    pub(crate) fn record(&self, mut mistakes: Vec<String>) {
        let more = mistakes.len().saturating_sub(KEPT_MISTAKES);
        mistakes.truncate(KEPT_MISTAKES);
        if more > 0 {
            mistakes.push(format!("and {more} more"));
        }
        let mut kept = lock(&self.last);
        kept.truncate(KEPT - 1);
        kept.push_front(Reload { at: timestamp(SystemTime::now()), mistakes });
    }

    /// Remembers the settings that wait for the next start.
    pub(crate) fn set_pending(&self, settings: Vec<&'static str>) {
        *lock(&self.pending) = settings;
    }

    /// The settings that wait for the next start.
    pub(crate) fn pending(&self) -> Vec<&'static str> {
        lock(&self.pending).clone()
    }

    /// The last first.
    pub(crate) fn all(&self) -> Vec<Reload> {
        lock(&self.last).iter().cloned().collect()
    }

    /// The last one, if it was refused.
    pub(crate) fn last_refused(&self) -> Option<Reload> {
        lock(&self.last).front().filter(|reload| !reload.mistakes.is_empty()).cloned()
    }
}

fn lock<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
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
