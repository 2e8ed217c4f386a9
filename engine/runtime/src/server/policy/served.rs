use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use semver::Version;
use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinHandle, spawn, spawn_blocking};
use tokio::time::timeout_at;
use tracing::{error, warn};

use super::call::call;
use super::failure::EvaluationFailure;
use super::outcome::outcome;
use super::output::{EvaluationOutput, EvaluationRequest};
use super::progress::{CANCELLATION_TIME, EvaluationProgress};
#[cfg(feature = "console")]
use super::settings::PolicySettings;
use super::shadow::Shadow;
use super::workers::WorkerSlots;
use crate::config::Mode;
use crate::policies::{Entry, Instance, PoliciesByPath, Served};
use crate::telemetry::PolicyMetrics;

/// The text that is logged in place of a policy's own words.
const LEFT_OUT: &str = "the reason is left out of the log, as it may quote what the decision log \
                        erases or masks; the caller was told";

type EvaluationTask = JoinHandle<Result<EvaluationOutput, EvaluationFailure>>;

/// A policy, configured, with its limits and metrics.
pub(crate) struct ServedPolicy {
    pub(crate) id: String,
    pub(crate) entry: Entry,
    /// The entry's version, as text.
    pub(crate) version: String,
    pub(crate) instance: Instance,
    /// What the console shows of its configuration.
    #[cfg(feature = "console")]
    pub(crate) settings: PolicySettings,
    /// The digest of its settings, `sha256:…`.
    pub(crate) settings_digest: String,
    pub(crate) timeout: Duration,
    pub(crate) mode: Mode,
    pub(crate) max_stuck: usize,
    /// Parts of its inputs must not be seen. The policy's own words may quote them, and are not
    /// logged then.
    pub(crate) discreet: bool,
    /// It runs on threads of its own. A policy that overruns once on a thread that reads requests
    /// does so from then on.
    pub(crate) blocking: AtomicBool,
    /// Evaluations that timed out and are still running, among them those from before a reload.
    pub(crate) stuck: Arc<AtomicUsize>,
    pub(crate) metrics: PolicyMetrics,
    pub(crate) workers: Arc<WorkerSlots>,
    /// The runtime that it runs on if it has grants, beside those that read requests.
    pub(crate) granted: Option<Handle>,
    /// The policy that is asked the same questions.
    pub(crate) shadow: Option<Shadow>,
}

/// The policies that are served, by their paths.
pub(crate) type ServedPolicies = PoliciesByPath<Arc<ServedPolicy>>;

impl Served for Arc<ServedPolicy> {
    fn id(&self) -> &str {
        &self.id
    }

    fn version(&self) -> &Version {
        &self.entry.version
    }
}

impl ServedPolicy {
    /// Evaluates the policy. The result comes within the policy's timeout.
    ///
    /// # Errors
    /// The reason why there is no output.
    pub(crate) async fn evaluate(
        self: &Arc<Self>,
        request: EvaluationRequest,
    ) -> Result<EvaluationOutput, EvaluationFailure> {
        let request_id = request.request_id.clone();
        let result = self.evaluate_in_time(request).await;
        match &result {
            Ok(output) => {
                self.metrics.latency.observe(output.elapsed.as_secs_f64());
                self.metrics.observe(output.usage);
                self.metrics.count_denials(&output.checks);
            }
            Err(failure) => {
                if let EvaluationFailure::OverBudget(over) = failure {
                    self.metrics.count_over_budget(*over);
                }
                self.log(failure, request_id.as_deref().unwrap_or_default());
            }
        }
        self.metrics.count(outcome(&result));
        result
    }

    /// Logs failures that are the policy's defect, not the caller's.
    fn log(&self, failure: &EvaluationFailure, request_id: &str) {
        let (id, policy, version) = (&self.id, self.entry.name(), &self.version);
        match failure {
            EvaluationFailure::Input(_)
            | EvaluationFailure::Suspended(_)
            | EvaluationFailure::Overloaded
            | EvaluationFailure::Exhausted(_) => {}
            EvaluationFailure::Panicked(_) if self.discreet => {
                error!(id, policy, version, request_id, "the policy panicked: {LEFT_OUT}");
            }
            EvaluationFailure::Policy(_) if self.discreet => {
                warn!(id, policy, version, request_id, "the policy failed: {LEFT_OUT}");
            }
            EvaluationFailure::Panicked(_) => {
                error!(id, policy, version, request_id, "{failure}");
            }
            EvaluationFailure::Policy(_)
            | EvaluationFailure::TimedOut(_)
            | EvaluationFailure::Refused(_)
            | EvaluationFailure::OverBudget(_) => {
                warn!(id, policy, version, request_id, "{failure}");
            }
        }
    }

    async fn evaluate_in_time(
        self: &Arc<Self>,
        request: EvaluationRequest,
    ) -> Result<EvaluationOutput, EvaluationFailure> {
        let stuck = self.stuck.load(Ordering::Relaxed);
        if stuck >= self.max_stuck {
            return Err(EvaluationFailure::Suspended(stuck));
        }
        let deadline = Instant::now() + self.timeout;
        self.workers.activity().begin();
        let mut pending = self.start(request, deadline);
        match timeout_at(deadline.into(), pending.result()).await {
            Ok(result) => result,
            Err(_) => Err(EvaluationFailure::TimedOut(self.timeout)),
        }
    }

    /// Starts an evaluation in a task of its own, wherever it runs, so that the caller's task can
    /// still answer.
    fn start(
        self: &Arc<Self>,
        request: EvaluationRequest,
        deadline: Instant,
    ) -> PendingEvaluation<'_> {
        let EvaluationRequest { input, request_id, permit, memory } = request;
        let progress = EvaluationProgress::new(Some(permit), memory, deadline);
        let call = {
            let (policy, progress) = (Arc::clone(self), progress.clone());
            move || {
                let request_id = request_id.as_deref().unwrap_or_default();
                let declared = policy.entry.registration.checks;
                call(&policy.instance, declared, &input, request_id, policy.timeout, &progress)
            }
        };
        let task = if let Some(granted) = &self.granted {
            granted.spawn(async move { joined(spawn_blocking(call).await) })
        } else if self.blocking.load(Ordering::Relaxed) {
            spawn_blocking(call)
        } else {
            let workers = Arc::clone(&self.workers);
            spawn(async move {
                if let Some(_permit) = workers.try_acquire() {
                    return call();
                }
                joined(spawn_blocking(call).await)
            })
        };
        PendingEvaluation { policy: self, progress, deadline, task: Some(task) }
    }

    /// Counts an evaluation without a caller as stuck, from when it overruns until it ends.
    async fn watch(
        self: Arc<Self>,
        mut task: EvaluationTask,
        progress: EvaluationProgress,
        deadline: Instant,
    ) {
        let ended = timeout_at((deadline + CANCELLATION_TIME).into(), &mut task).await;
        if ended.is_ok() {
            return;
        }
        if !progress.has_begun() {
            // It never will.
            progress.release_permit();
            return;
        }
        if !self.blocking.swap(true, Ordering::Relaxed) {
            warn!(
                id = self.id,
                policy = self.entry.name(),
                "the policy timed out on a thread that reads requests, and runs on threads of its \
                 own from now on: set `blocking`, or a `timeout` that it keeps"
            );
        }
        self.stuck.fetch_add(1, Ordering::Relaxed);
        self.metrics.stuck.inc();
        // From here on the evaluation counts against its own policy alone.
        progress.release_permit();
        let _ = task.await;
        self.stuck.fetch_sub(1, Ordering::Relaxed);
        self.metrics.stuck.dec();
    }
}

/// An evaluation with a caller that waits for it. When the caller goes away, the evaluation is
/// cancelled, and watched until it ends.
struct PendingEvaluation<'a> {
    policy: &'a Arc<ServedPolicy>,
    progress: EvaluationProgress,
    deadline: Instant,
    /// Missing only once this is dropped.
    task: Option<EvaluationTask>,
}

impl PendingEvaluation<'_> {
    async fn result(&mut self) -> Result<EvaluationOutput, EvaluationFailure> {
        match &mut self.task {
            Some(task) => joined(task.await),
            None => Err(EvaluationFailure::TimedOut(self.policy.timeout)),
        }
    }
}

impl Drop for PendingEvaluation<'_> {
    fn drop(&mut self) {
        self.progress.cancel();
        let running = self.task.take().filter(|task| !task.is_finished());
        // Without a runtime the process is about to end.
        if let (Some(task), Ok(runtime)) = (running, Handle::try_current()) {
            let policy = Arc::clone(self.policy);
            runtime.spawn(policy.watch(task, self.progress.clone(), self.deadline));
        }
    }
}

/// The result of a task. Tasks are aborted only when the process ends.
fn joined(
    result: Result<Result<EvaluationOutput, EvaluationFailure>, JoinError>,
) -> Result<EvaluationOutput, EvaluationFailure> {
    result.unwrap_or_else(|error| Err(EvaluationFailure::Panicked(error.to_string())))
}
