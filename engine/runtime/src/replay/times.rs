use std::collections::BTreeMap;

/// Bits of a time that count, so that a percentile is right within an eighth.
const BITS: u32 = 4;

/// How long decisions took, in nanoseconds, in bounded memory for any number of them.
#[derive(Debug, Default, Clone)]
pub(crate) struct Times {
    count: u64,
    sum: u128,
    /// Counts of times that are alike, by the longest of them.
    alike: BTreeMap<u64, u64>,
}

impl Times {
    pub(super) fn add(&mut self, nanoseconds: u64) {
        self.count += 1;
        self.sum += u128::from(nanoseconds);
        *self.alike.entry(rounded_up(nanoseconds)).or_default() += 1;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        for (longest, count) in &other.alike {
            *self.alike.entry(*longest).or_default() += count;
        }
    }

    pub(crate) fn mean(&self) -> Option<u64> {
        self.sum.checked_div(u128::from(self.count)).and_then(|mean| u64::try_from(mean).ok())
    }

    /// The time that so many of a hundred decisions did not exceed.
    pub(crate) fn percentile(&self, percent: u64) -> Option<u64> {
        let rank = self.count.saturating_mul(percent).div_ceil(100);
        let mut passed = 0;
        let at_most = self.alike.iter().find(|(_, count)| {
            passed += *count;
            passed >= rank
        });
        at_most.map(|(longest, _)| *longest)
    }
}

/// The greatest number that has the same highest bits.
fn rounded_up(nanoseconds: u64) -> u64 {
    let length = u64::BITS - nanoseconds.leading_zeros();
    nanoseconds | ((1 << length.saturating_sub(BITS)) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn percentiles_are_right_within_an_eighth(
            mut times in proptest::collection::vec(any::<u64>(), 1..200), percent in 1_usize..=100,
        ) {
            let (mut all, mut other) = (Times::default(), Times::default());
            for (at, time) in times.iter().enumerate() {
                let half = if at % 2 == 0 { &mut all } else { &mut other };
                half.add(*time);
            }
            all.merge(&other);
            times.sort_unstable();
            let rank = (times.len() * percent).div_ceil(100);
            let exact = times[rank - 1];
            let found = all.percentile(percent as u64).unwrap();
            prop_assert!(found >= exact && found - exact <= exact / 8, "{exact} {found}");
            let sum: u128 = times.iter().map(|time| u128::from(*time)).sum();
            prop_assert_eq!(u128::from(all.mean().unwrap()), sum / times.len() as u128);
            prop_assert!(all.alike.len() <= 1 << 10);
        }
    }

    #[test]
    fn nothing_has_no_times() {
        assert_eq!((Times::default().mean(), Times::default().percentile(50)), (None, None));
    }
}
