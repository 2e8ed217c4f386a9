//! The totals of a policy's series, for those who look at them without Prometheus.

use prometheus::Histogram;
use prometheus::core::Metric;

/// Everything that a policy has been counted for.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct PolicyTotals {
    pub(crate) decisions: u64,
    pub(crate) denied: u64,
    /// Without an answer, for any reason.
    pub(crate) failed: u64,
    latency: Vec<Bucket>,
}

/// The observations up to a bound, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bucket {
    upper: f64,
    cumulative: u64,
}

impl PolicyTotals {
    pub(super) fn new(decisions: u64, denied: u64, failed: u64, latency: &Histogram) -> Self {
        let metric = latency.metric();
        let histogram = metric.get_histogram();
        let bucket = |bucket: &prometheus::proto::Bucket| Bucket {
            upper: bucket.upper_bound(),
            cumulative: bucket.cumulative_count(),
        };
        let mut latency: Vec<_> = histogram.get_bucket().iter().map(bucket).collect();
        latency.push(Bucket { upper: f64::INFINITY, cumulative: histogram.get_sample_count() });
        Self { decisions, denied, failed, latency }
    }

    /// The times of decisions since then.
    pub(crate) fn latency_since(&self, before: &Self) -> Vec<Bucket> {
        let pairs = self.latency.iter().zip(&before.latency);
        pairs
            .map(|(now, before)| Bucket {
                upper: now.upper,
                cumulative: now.cumulative.saturating_sub(before.cumulative),
            })
            .collect()
    }
}

/// A quantile of observations, as Prometheus' `histogram_quantile` estimates it: linearly within its
/// bucket, and by the highest bound where it is above that. `None` without observations.
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
pub(crate) fn quantile(buckets: &[Bucket], quantile: f64) -> Option<f64> {
    let total = buckets.last().map_or(0, |bucket| bucket.cumulative);
    if total == 0 {
        return None;
    }
    let rank = quantile * total as f64;
    let mut lower = Bucket { upper: 0.0, cumulative: 0 };
    for bucket in buckets {
        if bucket.upper.is_infinite() {
            return Some(lower.upper);
        }
        if bucket.cumulative as f64 >= rank && bucket.cumulative > lower.cumulative {
            let within = rank - lower.cumulative as f64;
            let observations = (bucket.cumulative - lower.cumulative) as f64;
            return Some(lower.upper + (bucket.upper - lower.upper) * within / observations);
        }
        lower = *bucket;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(cumulative: [u64; 3]) -> Vec<Bucket> {
        let uppers = [1.0, 2.0, f64::INFINITY];
        uppers
            .into_iter()
            .zip(cumulative)
            .map(|(upper, cumulative)| Bucket { upper, cumulative })
            .collect()
    }

    #[test]
    fn quantile_is_interpolated_within_its_bucket() {
        for (cumulative, wanted, expected) in [
            ([0, 0, 0], 0.5, None),
            ([10, 10, 10], 0.5, Some(0.5)),
            ([0, 10, 10], 0.5, Some(1.5)),
            ([5, 10, 10], 0.99, Some(1.98)),
            // Above the highest bound, nothing is known.
            ([0, 0, 10], 0.5, Some(2.0)),
        ] {
            let found = quantile(&buckets(cumulative), wanted);
            let is_near = match (found, expected) {
                (Some(found), Some(expected)) => (found - expected).abs() < 1e-9,
                (found, expected) => found == expected,
            };
            assert!(is_near, "{cumulative:?}: {found:?}");
        }
    }
}
