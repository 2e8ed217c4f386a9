use std::time::{Duration, Instant};

use densa_alloc::AllocStats;
use policy_api::Context;
use serde::{Deserialize, Serialize};

use super::instructions::Instructions;
use crate::policies::{DecisionError, Instance};
use crate::system::thread_cpu;

/// What one sample lasts at the least: reading the clock is then no part of it worth naming.
const SAMPLE: Duration = Duration::from_micros(10);

/// Samples that are kept at the most.
const SAMPLES: usize = 1_000_000;

/// Decisions of which instructions are counted, and how often: the least is taken, as what
/// interrupts the work only ever adds some.
const COUNTED: u32 = 64;
const COUNTS: usize = 5;

/// One document that is decided on.
pub(super) struct Question {
    /// File and number, for people.
    pub(super) name: String,
    pub(super) json: Vec<u8>,
}

/// What decisions on one document take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Measured {
    /// File and number.
    pub(super) input: String,
    /// The decisions that were timed.
    pub(super) decisions: u64,
    /// Those in one sample, which the times are means of.
    pub(super) decisions_per_sample: u32,
    pub(super) nanoseconds: Percentiles,
    /// The time that one had of a processor, on average; missing in what was saved before it was told.
    #[serde(default)]
    pub(super) cpu_nanoseconds: Option<f64>,
    /// Allocations per decision, with reallocations; `null` where they are not counted.
    pub(super) allocations: Option<u64>,
    /// The bytes of these.
    pub(super) allocated_bytes: Option<u64>,
    /// Instructions per decision; `null` where the machine does not count them.
    pub(super) instructions: Option<u64>,
}

/// Times per decision.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Percentiles {
    pub(super) p50: f64,
    pub(super) p90: f64,
    pub(super) p99: f64,
    pub(super) max: f64,
}

impl Question {
    /// Has the policy decide again and again, for about this long.
    ///
    /// # Errors
    /// When there is no decision.
    pub(super) fn measure(
        &self,
        instance: &Instance,
        time: Duration,
    ) -> Result<Measured, DecisionError> {
        let context = Context::new("bench");
        // With room from the decision before, as the server's.
        let mut output = Vec::new();
        let mut decide = || {
            output.clear();
            instance.decide(&self.json, &context, &mut output).map(drop)
        };
        decide()?;
        let warm = Instant::now();
        let mut warmed = 0_u32;
        while warm.elapsed() < time / 10 {
            decide()?;
            warmed = warmed.saturating_add(1);
        }
        let per_decision = warm.elapsed().as_nanos() / u128::from(warmed.max(1));
        let batch = SAMPLE.as_nanos().div_ceil(per_decision.max(1));
        let batch = u32::try_from(batch).unwrap_or(u32::MAX).max(1);
        let mut samples = Vec::new();
        let cpu = thread_cpu();
        let start = Instant::now();
        while samples.is_empty() || (start.elapsed() < time && samples.len() < SAMPLES) {
            let start = Instant::now();
            for _ in 0..batch {
                decide()?;
            }
            samples.push(start.elapsed().as_secs_f64() * 1e9 / f64::from(batch));
        }
        let cpu = thread_cpu().saturating_sub(cpu);
        let decisions = u64::from(batch).saturating_mul(samples.len() as u64);
        let allocated = densa_alloc::is_active().then(|| densa_alloc::measure(&mut decide).1);
        let instructions = Instructions::new().and_then(|mut counter| {
            let mut count = || {
                counter.count(|| {
                    for _ in 0..COUNTED {
                        // Decided before, by the same input.
                        let _ = decide();
                    }
                })
            };
            (0..COUNTS).filter_map(|_| count()).min()
        });
        Ok(Measured {
            input: self.name.clone(),
            decisions,
            decisions_per_sample: batch,
            nanoseconds: Percentiles::of_samples(samples),
            cpu_nanoseconds: Some(per_decision_of(cpu, decisions)),
            allocations: allocated.map(|AllocStats { allocs, reallocs, .. }| allocs + reallocs),
            allocated_bytes: allocated.map(|allocated| allocated.bytes_allocated),
            instructions: instructions.map(|count| count / u64::from(COUNTED)),
        })
    }
}

/// Nanoseconds, with a tenth.
fn per_decision_of(time: Duration, decisions: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "nobody waits for so many decisions")]
    let mean = time.as_secs_f64() * 1e9 / decisions.max(1) as f64;
    tenths(mean)
}

fn tenths(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

impl Percentiles {
    /// Those of some samples; all zero where there are none.
    fn of_samples(mut samples: Vec<f64>) -> Self {
        samples.sort_by(f64::total_cmp);
        let last = samples.len().saturating_sub(1);
        let at =
            |percent: usize| tenths(samples.get(last * percent / 100).copied().unwrap_or_default());
        Self { p50: at(50), p90: at(90), p99: at(99), max: at(100) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policies::{Registry, Settings};
    use crate::testing::registration;

    fn echo() -> Instance {
        let registry = Registry::from_registrations([registration("echo", "1.0.0")]).unwrap();
        Instance::configure(&registry.entries()[0], &Settings::default()).unwrap()
    }

    #[test]
    fn percentiles_are_of_sorted_samples() {
        let samples = (0..=100).rev().map(f64::from).collect();
        let found = Percentiles::of_samples(samples);
        assert_eq!(found, Percentiles { p50: 50.0, p90: 90.0, p99: 99.0, max: 100.0 });
        let one = Percentiles::of_samples(vec![7.25]);
        assert_eq!(one, Percentiles { p50: 7.3, p90: 7.3, p99: 7.3, max: 7.3 });
    }

    #[test]
    fn slow_decisions_are_timed_one_by_one_and_allocations_counted() {
        let time = Duration::from_millis(20);
        let measure = |json: &str| {
            let question = Question { name: "a".to_owned(), json: json.as_bytes().to_vec() };
            question.measure(&echo(), time)
        };
        let slow = measure(r#"{"sleep": 1}"#).unwrap();
        assert_eq!(slow.decisions_per_sample, 1);
        assert!(slow.nanoseconds.p50 >= 1e6, "{slow:?}");
        assert!(slow.nanoseconds.max >= slow.nanoseconds.p50);
        // It sleeps.
        assert!(slow.cpu_nanoseconds.unwrap() < slow.nanoseconds.p50, "{slow:?}");
        let quick = measure("[1]").unwrap();
        assert!(quick.nanoseconds.p50 < slow.nanoseconds.p50 / 10.0, "{quick:?}");
        let allocations = |json: &str| measure(json).unwrap().allocations.unwrap();
        assert!(allocations(r#"["a", "b", "c"]"#) > allocations("[1]"));
        assert_eq!(measure("\"fail\"").unwrap_err().to_string(), "asked to fail");
    }
}
