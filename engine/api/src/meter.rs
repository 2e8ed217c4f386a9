//! The memory of one evaluation, counted on the thread that it runs on.
//!
//! Decoding and writing charge memory before they allocate it. Small sums are counted here alone;
//! now and then, the [`Allowance`] of the evaluation is asked for a larger step.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::sync::Arc;

use crate::{Allowance, BudgetCheck, Context, Error};

/// Bytes that every evaluation may take: most take no more, and ask nobody.
const FREE: usize = 4 << 10;

/// Bytes that are asked for at a time, at the least.
const STEP: usize = 64 << 10;

thread_local! {
    /// Bytes that were charged.
    static USED: Cell<usize> = const { Cell::new(0) };
    /// Bytes that may be, without asking.
    static GRANTED: Cell<usize> = const { Cell::new(usize::MAX) };
    /// The allowance of the evaluation that runs on this thread.
    static ALLOWANCE: RefCell<Option<Arc<dyn Allowance>>> = const { RefCell::new(None) };
    /// The check of its budget.
    static BUDGET: Cell<Option<BudgetCheck>> = const { Cell::new(None) };
    /// The refusal, until it is asked for: decoding may lose errors on the way.
    static REFUSAL: Cell<Option<Error>> = const { Cell::new(None) };
    /// True if there is such a thing.
    static IS_REFUSED: Cell<bool> = const { Cell::new(false) };
}

/// An evaluation that is metered on this thread, until this is dropped.
pub(crate) struct Metering {
    /// The meter of the evaluation that this one is a part of.
    outer: Option<Outer>,
}

struct Outer {
    used: usize,
    granted: usize,
    allowance: Option<Arc<dyn Allowance>>,
    budget: Option<BudgetCheck>,
}

impl Metering {
    pub(crate) fn begin(context: &Context<'_>) -> Self {
        let outer = context.allowance().map(|allowance| Outer {
            used: USED.replace(0),
            granted: GRANTED.replace(FREE),
            allowance: ALLOWANCE.replace(Some(Arc::clone(allowance))),
            budget: BUDGET.replace(context.budget()),
        });
        Self { outer }
    }
}

impl Drop for Metering {
    fn drop(&mut self) {
        if let Some(Outer { used, granted, allowance, budget }) = self.outer.take() {
            USED.set(used);
            GRANTED.set(granted);
            ALLOWANCE.set(allowance);
            BUDGET.set(budget);
            drop(take_refusal());
        }
    }
}

/// An evaluation may not take so much memory.
#[derive(Debug)]
#[non_exhaustive]
pub struct Refused;

impl std::error::Error for Refused {}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no memory for it")
    }
}

/// Counts bytes that are about to be allocated by the evaluation that runs on this thread: for
/// implementations of [`serde::Deserialize`] that allocate what nobody decodes. A policy counts by
/// [`Context::charge`].
///
/// # Errors
/// When the evaluation may not take so many: it is over, whatever becomes of the error.
#[inline]
pub fn charge(bytes: usize) -> Result<(), Refused> {
    let used = USED.get().saturating_add(bytes);
    if used > GRANTED.get() {
        ask(used)?;
    }
    USED.set(used);
    Ok(())
}

/// Counts bytes that were freed.
#[inline]
pub(crate) fn credit(bytes: usize) {
    USED.set(USED.get().saturating_sub(bytes));
}

/// The number of bytes that were charged, to come back to by [`reset`].
pub(crate) fn used() -> usize {
    USED.get()
}

/// Counts as freed what was charged since so many bytes were.
pub(crate) fn reset(used: usize) {
    USED.set(used);
}

/// Returns whether bytes were refused, and nobody asked why.
#[inline]
pub(crate) fn is_refused() -> bool {
    IS_REFUSED.get()
}

/// The reason why bytes were refused, if they were.
pub(crate) fn take_refusal() -> Option<Error> {
    if IS_REFUSED.replace(false) { REFUSAL.take() } else { None }
}

#[cold]
fn ask(used: usize) -> Result<(), Refused> {
    let granted = GRANTED.get();
    let missing = used - granted;
    let take = |bytes| {
        ALLOWANCE.with_borrow(|current| {
            let Some(allowance) = current else { return Ok(bytes) };
            allowance.take(bytes).map(|()| bytes)
        })
    };
    let within_budget = BUDGET.get().map_or(Ok(()), |check| check());
    let asked = match within_budget.and_then(|()| take(missing.max(STEP))) {
        // There may be as much as it takes, if not a whole step.
        Err(error) if error.is_out_of_memory() && missing < STEP => take(missing),
        asked => asked,
    };
    match asked {
        Ok(bytes) => {
            GRANTED.set(granted.saturating_add(bytes));
            Ok(())
        }
        Err(error) => {
            REFUSAL.set(Some(error));
            IS_REFUSED.set(true);
            Err(Refused)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[derive(Debug)]
    struct Counted {
        taken: AtomicUsize,
        limit: usize,
    }

    impl Allowance for Counted {
        fn take(&self, bytes: usize) -> Result<(), Error> {
            if self.taken.fetch_add(bytes, Ordering::Relaxed) + bytes > self.limit {
                return Err(Error::out_of_memory("used up"));
            }
            Ok(())
        }
    }

    #[test]
    fn small_charges_are_batched_and_a_refusal_is_sticky() {
        let counted = Arc::new(Counted { taken: AtomicUsize::new(0), limit: 3 * STEP });
        let allowance: Arc<dyn Allowance> = Arc::clone(&counted) as _;
        let taken = || counted.taken.load(Ordering::Relaxed);
        {
            let _metering = Metering::begin(&Context::new("1").with_allowance(&allowance));
            charge(FREE).unwrap();
            assert_eq!(taken(), 0);
            for _ in 0..STEP {
                charge(1).unwrap();
            }
            assert_eq!(taken(), STEP);
            charge(2 * STEP).unwrap();
            credit(10);
            charge(10).unwrap();
            assert_eq!(taken(), 3 * STEP);
            charge(1).unwrap_err();
            let refusal = take_refusal().unwrap();
            assert!(refusal.is_out_of_memory() && take_refusal().is_none(), "{refusal}");
        }
        charge(1 << 40).unwrap();
    }

    #[test]
    fn memory_is_refused_to_an_evaluation_over_its_budget() {
        let counted = Arc::new(Counted { taken: AtomicUsize::new(0), limit: usize::MAX });
        let allowance: Arc<dyn Allowance> = Arc::clone(&counted) as _;
        let context = Context::new("1").with_allowance(&allowance);
        let _outer = Metering::begin(&context);
        {
            let over = context.with_budget(|| Err(Error::over_budget("used up")));
            let _metering = Metering::begin(&over);
            charge(FREE + 1).unwrap_err();
            let refusal = take_refusal().unwrap();
            assert!(refusal.is_over_budget(), "{refusal}");
        }
        charge(FREE + 1).unwrap();
        assert_eq!(counted.taken.load(Ordering::Relaxed), STEP);
    }

    #[test]
    fn nested_evaluation_has_its_own_allowance() {
        let new = || Arc::new(Counted { taken: AtomicUsize::new(0), limit: usize::MAX });
        let (outer, inner) = (new(), new());
        let allowances = [&outer, &inner].map(|counted| Arc::clone(counted) as Arc<dyn Allowance>);
        let _outer = Metering::begin(&Context::new("1").with_allowance(&allowances[0]));
        {
            let _inner = Metering::begin(&Context::new("2").with_allowance(&allowances[1]));
            // Without an allowance of its own it is a part of the one that it runs in.
            let _part = Metering::begin(&Context::new("3"));
            charge(FREE + 5 * STEP).unwrap();
        }
        charge(FREE + 1).unwrap();
        let taken = |counted: &Counted| counted.taken.load(Ordering::Relaxed);
        assert_eq!((taken(&outer), taken(&inner)), (STEP, 5 * STEP));
    }
}
