//! What policies decided in the last minutes, from their metrics.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use policy_console::{Rates, Sample};

use crate::server::policy::{ServedPolicies, ServedPolicy};
use crate::telemetry::{PolicyTotals, quantile};

/// Intervals that are kept: five minutes of five seconds each.
const KEPT: usize = 60;

/// A policy in a version, by the id that it is served under.
type Key = (String, String);

/// The totals of policies at each of the last intervals.
#[derive(Debug)]
pub(crate) struct RateHistory {
    interval: Duration,
    totals: Mutex<BTreeMap<Key, VecDeque<PolicyTotals>>>,
}

impl RateHistory {
    pub(crate) fn new(interval: Duration) -> Self {
        Self { interval, totals: Mutex::default() }
    }

    /// Takes down the totals of all policies; must be called at each interval. Those that are not
    /// served any more are forgotten.
    pub(crate) fn observe(&self, policies: &ServedPolicies) {
        let all = policies.all().into_iter();
        let now: Vec<_> = all.map(|policy| (key(policy), policy.metrics.totals())).collect();
        let mut history = self.lock();
        let mut former = std::mem::take(&mut *history);
        for (key, totals) in now {
            let mut all = former.remove(&key).unwrap_or_default();
            if all.len() > KEPT {
                all.pop_front();
            }
            all.push_back(totals);
            history.insert(key, all);
        }
    }

    /// What a policy decided in the last minutes, up to the last interval.
    pub(crate) fn of_policy(&self, policy: &ServedPolicy) -> Rates {
        let all = self.lock();
        let totals = all.get(&key(policy)).map(VecDeque::as_slices);
        let (older, newer) = totals.unwrap_or_default();
        let totals: Vec<&PolicyTotals> = older.iter().chain(newer).collect();
        rates(self.interval, &totals)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, VecDeque<PolicyTotals>>> {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(policy: &ServedPolicy) -> Key {
    (policy.id.clone(), policy.version.clone())
}

/// The rates between totals, the oldest first.
fn rates(interval: Duration, totals: &[&PolicyTotals]) -> Rates {
    let interval_seconds = interval.as_secs();
    let (Some(first), Some(last)) = (totals.first(), totals.last()) else {
        return Rates { interval_seconds, ..Rates::default() };
    };
    let samples: Vec<_> = totals
        .iter()
        .zip(totals.iter().skip(1))
        .map(|(before, after)| sample(before, after))
        .collect();
    let Sample { decisions, denied, failed, p50_seconds, p99_seconds } = sample(first, last);
    let seconds = interval_seconds.saturating_mul(samples.len() as u64);
    #[expect(clippy::cast_precision_loss, reason = "a rate needs no more than its first digits")]
    let decisions_per_second = if seconds == 0 { 0.0 } else { decisions as f64 / seconds as f64 };
    Rates {
        interval_seconds,
        samples,
        decisions_per_second,
        decisions,
        denied,
        failed,
        p50_seconds,
        p99_seconds,
    }
}

fn sample(before: &PolicyTotals, after: &PolicyTotals) -> Sample {
    let buckets = after.latency_since(before);
    Sample {
        decisions: after.decisions.saturating_sub(before.decisions),
        denied: after.denied.saturating_sub(before.denied),
        failed: after.failed.saturating_sub(before.failed),
        p50_seconds: quantile(&buckets, 0.5),
        p99_seconds: quantile(&buckets, 0.99),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::{DecisionOutcome, Metrics};

    #[test]
    fn rates_are_the_differences_of_totals() {
        let metrics = Metrics::new().unwrap();
        let policy = metrics.policy("p", "p", "1.0.0", &[]);
        let mut totals = vec![policy.totals()];
        for (decisions, denied, seconds) in [(10, 3, 2e-3), (0, 0, 0.0), (20, 0, 2e-5)] {
            for number in 0..decisions {
                let is_denied = number < denied;
                policy.count(if is_denied {
                    DecisionOutcome::Denied
                } else {
                    DecisionOutcome::Allowed
                });
                policy.latency.observe(seconds);
            }
            totals.push(policy.totals());
        }
        policy.count(DecisionOutcome::Panicked);
        totals.push(policy.totals());
        let rates = rates(Duration::from_secs(5), &totals.iter().collect::<Vec<_>>());
        assert_eq!((rates.decisions, rates.denied, rates.failed), (31, 3, 1));
        assert!((rates.decisions_per_second - 31.0 / 20.0).abs() < 1e-9);
        let decisions: Vec<_> = rates.samples.iter().map(|sample| sample.decisions).collect();
        assert_eq!(decisions, [10, 0, 20, 1]);
        // Within the bucket from 1 ms to 2.5 ms.
        let slow = rates.samples[0].p99_seconds.unwrap();
        assert!((1e-3..=2.5e-3).contains(&slow), "{slow}");
        assert_eq!(rates.samples[1].p99_seconds, None);
        assert!(rates.p50_seconds.unwrap() <= 2.5e-5);
    }

    #[test]
    fn nothing_is_known_before_the_second_interval() {
        assert!(rates(Duration::from_secs(5), &[]).samples.is_empty());
        let metrics = Metrics::new().unwrap();
        let totals = metrics.policy("p", "p", "1.0.0", &[]).totals();
        let rates = rates(Duration::from_secs(5), &[&totals]);
        assert!(rates.samples.is_empty() && rates.p50_seconds.is_none());
        assert!(rates.decisions_per_second.abs() < f64::EPSILON);
    }
}
