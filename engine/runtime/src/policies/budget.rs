//! What an evaluation uses of the thread that it runs on, and what it may.
//!
//! Memory is counted as it is allocated, and never uncounted as it is freed: the count is the same
//! each time that a question is put, no evaluation holds more than it, and it only grows. So does the
//! processor's time, and what was over a budget once is so at the end.

use std::cell::Cell;
use std::time::{Duration, Instant};

use policy_api::Error;

use crate::system::thread_cpu;

/// Of so many evaluations on a thread, one is sampled. Reading the processor's time twice takes as
/// long as some decisions do, and no part worth naming of 32 of them over HTTP.
const SAMPLE: u8 = 32;

/// The most that one evaluation may use; any amount where nothing is set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Budget {
    /// Bytes that it may allocate, as [`Usage::allocated`] counts them.
    pub allocation: Option<u64>,
    /// Time that it may have of a processor.
    pub cpu: Option<Duration>,
}

/// The amounts that one evaluation has used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes that were allocated on its thread, in all. What was freed meanwhile counts, and a list
    /// that grows counts with each of its sizes.
    pub allocated: u64,
    /// The time that its thread had of a processor, where that was read.
    pub cpu: Option<Duration>,
}

/// Which evaluations the processor's time is read of. It is read of all that have a budget of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CpuReading {
    /// No others.
    #[default]
    Never,
    /// One of many.
    Sampled,
    /// All.
    Always,
}

/// The error of an evaluation that used more than it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OverBudget {
    /// It allocated too much.
    #[error(
        "the evaluation allocated {allocated} bytes, more than its budget of {budget}; raise \
         `allocation-budget`, or have the policy allocate less"
    )]
    Allocation {
        /// Bytes at the moment that this was noticed.
        allocated: u64,
        /// Bytes that it might have allocated.
        budget: u64,
    },
    /// It took too much of a processor's time.
    #[error(
        "the evaluation took {} of processor time, more than its budget of {}; raise `cpu-budget`, \
         or have the policy do less",
        in_words(*cpu),
        in_words(*budget)
    )]
    Cpu {
        /// The time at the moment that this was noticed.
        cpu: Duration,
        /// The time that it might have taken.
        budget: Duration,
    },
}

/// Nobody counts nanoseconds of a budget.
fn in_words(time: Duration) -> humantime::FormattedDuration {
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    humantime::format_duration(Duration::from_micros(micros))
}

impl Budget {
    pub(super) fn is_unlimited(self) -> bool {
        self == Self::default()
    }

    /// # Errors
    /// When more was used than there is.
    fn allows(self, used: Usage) -> Result<(), OverBudget> {
        if let Some(budget) = self.allocation
            && used.allocated > budget
        {
            return Err(OverBudget::Allocation { allocated: used.allocated, budget });
        }
        match (self.cpu, used.cpu) {
            (Some(budget), Some(cpu)) if cpu > budget => Err(OverBudget::Cpu { cpu, budget }),
            _ => Ok(()),
        }
    }
}

thread_local! {
    /// The evaluation that runs on this thread, if it has a budget.
    static RUNNING: Cell<Option<Evaluation>> = const { Cell::new(None) };
    /// The number of evaluations since one was sampled.
    static UNSAMPLED: Cell<u8> = const { Cell::new(0) };
}

/// An evaluation, as it was when it began.
#[derive(Debug, Clone, Copy)]
struct Evaluation {
    budget: Budget,
    allocated: u64,
    cpu: Option<Duration>,
    /// The moment before which its budget of the processor's time cannot be used up: a thread has no
    /// more of a processor than goes by on the clock, which is read faster.
    cpu_lasts_until: Option<Instant>,
}

impl Evaluation {
    fn begin(budget: Budget, reading: CpuReading) -> Self {
        let reads_cpu = budget.cpu.is_some()
            || match reading {
                CpuReading::Never => false,
                CpuReading::Sampled => is_sampled(),
                CpuReading::Always => true,
            };
        Self {
            budget,
            cpu_lasts_until: budget.cpu.and_then(|budget| Instant::now().checked_add(budget)),
            cpu: reads_cpu.then(thread_cpu),
            allocated: densa_alloc::thread_stats().bytes_allocated,
        }
    }

    fn allocated(&self) -> u64 {
        densa_alloc::thread_stats().bytes_allocated.wrapping_sub(self.allocated)
    }

    fn used(&self) -> Usage {
        let allocated = self.allocated();
        Usage { allocated, cpu: self.cpu.map(|before| thread_cpu().saturating_sub(before)) }
    }

    /// # Errors
    /// When it is over its budget.
    fn check(&self) -> Result<(), OverBudget> {
        let cpu_may_be_over = self.cpu_lasts_until.is_some_and(|until| Instant::now() > until);
        let used = if cpu_may_be_over {
            self.used()
        } else {
            Usage { allocated: self.allocated(), cpu: None }
        };
        self.budget.allows(used)
    }
}

fn is_sampled() -> bool {
    let since = UNSAMPLED.get();
    UNSAMPLED.set((since + 1) % SAMPLE);
    since == 0
}

/// A count of what an evaluation uses of this thread, until this is dropped.
pub(super) struct Meter {
    evaluation: Evaluation,
    /// The evaluation that this one is a part of.
    outer: Option<Evaluation>,
}

impl Meter {
    pub(super) fn begin(budget: Budget, reading: CpuReading) -> Self {
        let evaluation = Evaluation::begin(budget, reading);
        let outer = RUNNING.get();
        if !budget.is_unlimited() {
            RUNNING.set(Some(evaluation));
        }
        Self { evaluation, outer }
    }

    /// The amounts that were used.
    ///
    /// # Errors
    /// When that is more than the budget.
    pub(super) fn end(self) -> Result<Usage, OverBudget> {
        let used = self.evaluation.used();
        self.evaluation.budget.allows(used).map(|()| used)
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        RUNNING.set(self.outer);
    }
}

/// Tells whether the evaluation that runs on this thread is within its budget: the check of
/// [`policy_api::Context::with_budget`].
///
/// # Errors
/// When it is not.
pub(super) fn check() -> Result<(), Error> {
    RUNNING.get().map_or(Ok(()), |evaluation| evaluation.check().map_err(Error::over_budget))
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;

    use super::*;
    use crate::policies::{DecisionError, Instance, Registry, Settings};
    use crate::testing::registration;
    use policy_api::Context;
    use proptest::prelude::*;

    const NO_CPU: CpuReading = CpuReading::Never;

    fn echo(budget: Budget) -> Instance {
        let registry = Registry::from_registrations([registration("echo", "1.0.0")]).unwrap();
        let entry = &registry.entries()[0];
        Instance::configure(entry, &Settings::default()).unwrap().with_budget(budget)
    }

    /// What an evaluation allocates, or why it failed.
    fn ask(instance: &Instance, input: &str) -> Result<Usage, String> {
        let mut output = b"before ".to_vec();
        let decided = instance.decide(input.as_bytes(), &Context::new("1"), &mut output);
        assert_eq!(decided.is_err(), output == b"before ", "{input}");
        decided.map(|decision| decision.usage).map_err(|error| error.to_string())
    }

    fn allocation(bytes: u64) -> Budget {
        Budget { allocation: Some(bytes), cpu: None }
    }

    fn spin(time: Duration) {
        let end = thread_cpu() + time;
        while thread_cpu() < end {
            black_box(());
        }
    }

    #[test]
    fn freed_and_grown_memory_counts_and_that_of_other_threads_does_not() {
        let used = |run: fn()| {
            let meter = Meter::begin(Budget::default(), NO_CPU);
            run();
            meter.end().unwrap().allocated
        };
        assert_eq!(used(|| ()), 0);
        assert_eq!(used(|| drop(black_box(vec![0_u8; 1000]))), 1000);
        assert_eq!(
            used(|| {
                let mut list = black_box(Vec::<u8>::with_capacity(1000));
                list.reserve_exact(3000);
                list.shrink_to(100);
            }),
            1000 + 3000 + 100
        );
        let other = used(|| {
            let other = std::thread::spawn(|| drop(black_box(vec![0_u8; 10_000_000])));
            other.join().unwrap();
        });
        assert!(other < 10_000, "{other}");
    }

    #[test]
    fn evaluation_fails_above_its_allocation_budget() {
        let question = r#"{"allocate": 100000}"#;
        let allocated = ask(&echo(Budget::default()), question).unwrap().allocated;
        assert!((100_000..110_000).contains(&allocated), "{allocated}");
        assert_eq!(ask(&echo(allocation(allocated)), question).unwrap().allocated, allocated);
        assert_eq!(
            ask(&echo(allocation(allocated - 1)), question).unwrap_err(),
            format!(
                "the evaluation allocated {allocated} bytes, more than its budget of {}; raise \
                 `allocation-budget`, or have the policy allocate less",
                allocated - 1
            )
        );
    }

    #[test]
    fn policy_that_checks_its_context_is_stopped_over_its_budget() {
        let forever = r#"{"allocate": 1000, "forever": true}"#;
        let error = ask(&echo(allocation(1_000_000)), forever).unwrap_err();
        assert!(error.starts_with("the evaluation allocated 100"), "{error}");
        let budget = Budget { allocation: None, cpu: Some(Duration::from_millis(20)) };
        let error = ask(&echo(budget), forever).unwrap_err();
        assert!(error.starts_with("the evaluation took 2"), "{error}");
        assert!(
            error.ends_with(
                " of processor time, more than its budget of 20ms; raise `cpu-budget`, or have the \
                 policy do less"
            ),
            "{error}"
        );
    }

    #[test]
    fn sleep_takes_no_processor_time() {
        let budget = Budget { allocation: None, cpu: Some(Duration::from_millis(50)) };
        let usage = ask(&echo(budget), r#"{"sleep": 100}"#).unwrap();
        assert!(usage.cpu.unwrap() < Duration::from_millis(50), "{usage:?}");
        let running = Meter::begin(budget, NO_CPU);
        spin(Duration::from_millis(60));
        assert!(check().unwrap_err().is_over_budget());
        assert!(matches!(running.end(), Err(OverBudget::Cpu { .. })));
    }

    #[test]
    fn processor_time_is_read_of_one_evaluation_in_many_where_it_is_sampled() {
        let read = std::thread::spawn(|| {
            let sampled = echo(Budget::default()).with_cpu_reading(CpuReading::Sampled);
            (0..2 * SAMPLE).map(|_| ask(&sampled, "1").unwrap().cpu.is_some()).collect::<Vec<_>>()
        });
        let read = read.join().unwrap();
        let expected: Vec<_> = (0..2 * SAMPLE).map(|index| index % SAMPLE == 0).collect();
        assert_eq!(read, expected);
        let always = echo(Budget::default()).with_cpu_reading(CpuReading::Always);
        assert!(ask(&always, "1").unwrap().cpu.is_some());
    }

    #[test]
    fn panic_is_told_before_a_budget_and_leaves_none_behind() {
        let panicked = ask(&echo(allocation(1)), "\"panic\"").unwrap_err();
        assert!(panicked.starts_with("the policy panicked"), "{panicked}");
        assert!(check().is_ok());
    }

    #[test]
    fn inner_evaluation_counts_for_the_outer() {
        let outer = Meter::begin(allocation(1000), NO_CPU);
        {
            let _unlimited = Meter::begin(Budget::default(), NO_CPU);
            let inner = Meter::begin(allocation(5000), NO_CPU);
            drop(black_box(vec![0_u8; 2000]));
            assert!(check().is_ok());
            assert_eq!(inner.end().unwrap().allocated, 2000);
        }
        assert!(check().is_err());
        assert!(matches!(outer.end(), Err(OverBudget::Allocation { allocated: 2000.., .. })));
        assert!(check().is_ok());
    }

    proptest! {
        #[test]
        fn each_evaluation_begins_at_nothing(
            sizes in proptest::collection::vec(0_u64..200_000, 1..20), budget in 1_u64..200_000,
        ) {
            let (limited, unlimited) = (echo(allocation(budget)), echo(Budget::default()));
            for size in sizes {
                let question = format!("{{\"allocate\": {size}}}");
                let allocated = ask(&unlimited, &question).unwrap().allocated;
                prop_assert!(allocated >= size);
                // As many bytes as those of the other, which grow as often.
                let mut output = b"before ".to_vec();
                let decided =
                    limited.decide(question.as_bytes(), &Context::new("1"), &mut output);
                match decided {
                    Ok(decision) => prop_assert!(
                        decision.usage.allocated <= budget && allocated <= budget
                    ),
                    Err(DecisionError::OverBudget(over)) => prop_assert!(
                        allocated > budget && output == b"before ", "{}", over
                    ),
                    Err(error) => prop_assert!(false, "{}", error),
                }
            }
        }
    }
}
