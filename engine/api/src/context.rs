use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::{Allowance, Error};

/// The part of a request that is not the policy's input.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'a> {
    request_id: &'a str,
    deadline: Option<Instant>,
    labels: &'a [(&'a str, &'a str)],
    cancellation: Option<&'a Cancellation>,
    allowance: Option<&'a Arc<dyn Allowance>>,
    budget: Option<BudgetCheck>,
}

/// Tells whether the evaluation that runs on this thread is within its budget.
///
/// It is asked where an evaluation gives control back, and fails as [`Error::over_budget`].
pub type BudgetCheck = fn() -> Result<(), Error>;

impl<'a> Context<'a> {
    /// A context for the request of this id, with no deadline, labels or cancellation.
    #[must_use]
    pub fn new(request_id: &'a str) -> Self {
        Self { request_id, ..Self::default() }
    }

    /// Sets the moment after which nobody waits for the answer.
    #[must_use]
    pub fn with_deadline(self, deadline: Instant) -> Self {
        Self { deadline: Some(deadline), ..self }
    }

    /// Sets the caller's labels, as name and value.
    #[must_use]
    pub fn with_labels(self, labels: &'a [(&'a str, &'a str)]) -> Self {
        Self { labels, ..self }
    }

    /// Sets a switch by which the caller can call the work off.
    #[must_use]
    pub fn with_cancellation(self, cancellation: &'a Cancellation) -> Self {
        Self { cancellation: Some(cancellation), ..self }
    }

    /// Sets the memory that may be taken for the answer.
    #[must_use]
    pub fn with_allowance(self, allowance: &'a Arc<dyn Allowance>) -> Self {
        Self { allowance: Some(allowance), ..self }
    }

    /// Sets the check of the budget that the answer must be found within.
    #[must_use]
    pub fn with_budget(self, check: BudgetCheck) -> Self {
        Self { budget: Some(check), ..self }
    }

    /// The request's id, as it stands in logs; empty where the caller gave none.
    #[must_use]
    pub fn request_id(&self) -> &'a str {
        self.request_id
    }

    /// The moment after which nobody waits for the answer.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The time left: `None` without a deadline, zero when it has passed.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// The value of the caller's label of this name.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<&'a str> {
        self.labels.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }

    /// All the caller's labels, as name and value.
    pub fn labels(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        self.labels.iter().copied()
    }

    /// Returns whether the caller has called the work off.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancellation.is_some_and(Cancellation::is_cancelled)
    }

    pub(crate) fn allowance(&self) -> Option<&'a Arc<dyn Allowance>> {
        self.allowance
    }

    pub(crate) fn budget(&self) -> Option<BudgetCheck> {
        self.budget
    }

    /// Charges memory that grows with the input, before it is allocated, and stops the work
    /// where the server has no more of it.
    ///
    /// The decoded input and the output's text are charged without a call. Each call costs as much
    /// as some allocations: charge in steps of many kilobytes. The end of the evaluation gives all
    /// of it back.
    ///
    /// ```
    /// # use policy_api::{Context, Error};
    /// fn pairs<'n>(names: &[&'n str], context: &Context<'_>) -> Result<Vec<(&'n str, &'n str)>,
    /// Error> {     context.charge(names.len() * names.len() * size_of::<(&str, &str)>())?;     let
    /// mut pairs = Vec::with_capacity(names.len() * names.len());     for first in names {
    /// context.check()?;         pairs.extend(names.iter().map(|second| (*first, *second)));     }
    /// Ok(pairs) } assert_eq!(pairs(&["a", "b"], &Context::new("1"))?.len(), 4);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is not so much memory left for the request.
    pub fn charge(&self, bytes: usize) -> Result<(), Error> {
        self.allowance.map_or(Ok(()), |allowance| allowance.take(bytes))
    }

    /// Stops long work, now and then, when nobody waits for its answer any more, or when it is over
    /// its budget. A policy that loops over something of the input's size calls it in the loop:
    /// without it, the work goes on after its caller was told that there is no answer.
    ///
    /// # Errors
    /// When the work was cancelled, its deadline has passed, or it is over its budget.
    pub fn check(&self) -> Result<(), Error> {
        if self.is_cancelled() {
            return Err(Error::cancelled());
        }
        if self.remaining().is_some_and(|left| left.is_zero()) {
            return Err(Error::deadline_passed());
        }
        self.budget.map_or(Ok(()), |check| check())
    }
}

/// A switch that calls work off; its clones share one state.
#[derive(Debug, Clone, Default)]
pub struct Cancellation(Arc<AtomicBool>);

impl Cancellation {
    /// Calls the work off, for good.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Returns whether the work was called off.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_context_has_no_deadline_or_labels() {
        let context = Context::default();
        assert_eq!(context.request_id(), "");
        assert_eq!((context.deadline(), context.remaining()), (None, None));
        assert_eq!(context.label("team"), None);
        assert!(context.check().is_ok());
    }

    #[test]
    fn labels_are_found_by_name() {
        let labels = [("team", "payments"), ("zone", "eu")];
        let context = Context::new("7").with_labels(&labels);
        assert_eq!(context.label("zone"), Some("eu"));
        assert_eq!(context.label("Zone"), None);
        assert_eq!(context.labels().count(), 2);
    }

    #[test]
    fn cancelling_a_clone_cancels_the_context() {
        let cancellation = Cancellation::default();
        let context = Context::new("7").with_cancellation(&cancellation);
        assert!(!context.is_cancelled());
        cancellation.clone().cancel();
        assert!(context.is_cancelled());
        let error = context.check().unwrap_err();
        assert_eq!(error.to_string(), "the request was cancelled");
        assert!(error.is_cancelled() && !error.is_deadline_passed());
    }

    #[test]
    fn passed_deadline_fails_the_check() {
        let context = Context::new("7").with_deadline(Instant::now());
        assert_eq!(context.remaining(), Some(Duration::ZERO));
        let error = context.check().unwrap_err();
        assert_eq!(error.to_string(), "the deadline has passed");
        assert!(error.is_deadline_passed() && !error.is_cancelled());
    }

    #[test]
    fn used_up_budget_fails_the_check() {
        let context = Context::new("7").with_budget(|| Err(Error::over_budget("used up")));
        let error = context.check().unwrap_err();
        assert_eq!(error.to_string(), "used up");
        assert!(error.is_over_budget() && !error.is_out_of_memory());
        assert!(Context::new("7").with_budget(|| Ok(())).check().is_ok());
    }
}
