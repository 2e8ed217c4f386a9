//! The metrics of the server, as Prometheus reads them.

use hyper::StatusCode;
use policy_api::Check;
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder,
};

use super::process::ProcessMetrics;
use crate::policies::{OverBudget, Usage};

/// Upper bounds of the latency histogram's buckets, in seconds: from 1 µs to 10 s.
const BUCKETS: [f64; 22] = [
    1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2,
    5e-2, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// Upper bounds of the buckets of memory, in bytes: from 1 KiB to 1 GiB.
const BYTES_BUCKETS: [f64; 11] = [
    1024.0,
    4096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
    268_435_456.0,
    1_073_741_824.0,
];

/// The labels of a policy's own series.
const POLICY: [&str; 3] = ["id", "policy", "version"];

/// The labels of a shadow's own series: the policy that answers, and the one that is only asked.
const SHADOW: [&str; 5] = ["id", "policy", "version", "shadow", "shadow_version"];

/// All of them, for one server.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    process: Option<ProcessMetrics>,
    outcomes: IntCounterVec,
    denials: IntCounterVec,
    latency: HistogramVec,
    usage: UsageVecs,
    stuck: IntGaugeVec,
    shadows: ShadowVecs,
    pub(crate) requests: RequestMetrics,
    pub(crate) connections: ConnectionMetrics,
    pub(crate) decision_log: DecisionLogMetrics,
    /// What policies tried and may not, by id and system call.
    pub(crate) violations: IntCounterVec,
}

/// Requests before a policy is asked.
#[derive(Debug, Clone)]
pub(crate) struct RequestMetrics {
    /// Decided on now.
    pub(crate) in_flight: IntGauge,
    /// Waiting until they are.
    pub(crate) queued: IntGauge,
    /// Sent away because too many were waiting, or waited too long.
    pub(crate) shed: IntCounter,
    /// Bytes reserved of the memory budget, set when they are asked for.
    pub(crate) body_bytes: IntGauge,
    /// Bytes reserved for shadows, set when they are asked for.
    pub(crate) shadow_bytes: IntGauge,
    /// Responses by the class of their status, `1xx` to `5xx`.
    responses: [IntCounter; 5],
    /// Loads of a changed configuration: `ok`, `invalid`.
    pub(crate) reloads: IntCounterVec,
}

impl RequestMetrics {
    pub(crate) fn responded(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100);
        if let Some(counter) = class.checked_sub(1).and_then(|class| self.responses.get(class)) {
            counter.inc();
        }
    }
}

/// Connections, whatever is asked over them.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionMetrics {
    /// Open now.
    pub(crate) open: IntGauge,
    /// The memory that they hold, without bodies and answers.
    pub(crate) memory: IntGauge,
    /// Accepted in all.
    pub(crate) accepted: IntCounter,
    /// Closed by the server, by reason: `tls`, `idle`, `shutdown`.
    pub(crate) closed: IntCounterVec,
}

/// The decision log.
#[derive(Debug, Clone)]
pub(crate) struct DecisionLogMetrics {
    /// Events that wait to be written.
    pub(crate) queued: IntGauge,
    /// Their bytes.
    pub(crate) queued_bytes: IntGauge,
    /// Events written, or taken by the collector.
    pub(crate) written: IntCounter,
    /// Events lost, by reason: `full`, `too_large`, `shutdown`.
    pub(crate) dropped: IntCounterVec,
    /// Attempts to write or upload that came to nothing.
    pub(crate) failures: IntCounter,
}

/// The series of one policy in one version.
#[derive(Debug)]
pub(crate) struct PolicyMetrics {
    outcomes: [IntCounter; DecisionOutcome::ALL.len()],
    /// By the ids of the policy's declared checks.
    denials: Vec<(&'static str, IntCounter)>,
    /// The time from the question's bytes to the answer's, in seconds.
    pub(crate) latency: Histogram,
    cpu: Histogram,
    allocated: Histogram,
    over_budget: [IntCounter; BUDGETS.len()],
    /// Evaluations that overran and have not ended yet.
    pub(crate) stuck: IntGauge,
}

/// The budgets of an evaluation.
const BUDGETS: [&str; 2] = ["allocation", "cpu"];

/// What evaluations use, and how many used more than they may.
#[derive(Debug)]
struct UsageVecs {
    cpu: HistogramVec,
    allocated: HistogramVec,
    over_budget: IntCounterVec,
}

/// The series of all shadows.
#[derive(Debug, Clone)]
struct ShadowVecs {
    decisions: IntCounterVec,
    shed: IntCounterVec,
    stuck: IntGaugeVec,
}

/// The series of one shadow.
#[derive(Debug)]
pub(crate) struct ShadowMetrics {
    labels: [String; SHADOW.len()],
    decisions: IntCounterVec,
    shed: [IntCounter; ShedReason::ALL.len()],
    /// Evaluations that overran and have not ended yet.
    pub(crate) stuck: IntGauge,
}

/// The reason why a question of the sample was not put to a shadow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ShedReason {
    /// Requests wait to be decided on, or the queue was full a moment ago.
    Busy,
    /// Too many questions wait for shadows, or take too much memory.
    Full,
    /// Too many of the shadow's evaluations do not end.
    Suspended,
}

impl ShedReason {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Busy, "busy"), (Self::Full, "full"), (Self::Suspended, "suspended")];
}

impl ShadowMetrics {
    /// The counter of decisions of one outcome that had one outcome of the shadow.
    pub(crate) fn decided(&self, outcome: DecisionOutcome, shadow: DecisionOutcome) -> IntCounter {
        let [id, policy, version, name, shadow_version] = &self.labels;
        self.decisions.with_label_values(&[
            id.as_str(),
            policy,
            version,
            name,
            shadow_version,
            outcome.name(),
            shadow.name(),
        ])
    }

    /// The decisions so far: the outcome, that of the shadow, and how many.
    #[cfg(feature = "console")]
    pub(crate) fn outcomes(&self) -> Vec<(String, String, u64)> {
        let of_this = |labels: &[&str]| labels.iter().zip(&self.labels).all(|(a, b)| a == b);
        series(&self.decisions, &[&SHADOW[..], &["outcome", "shadow_outcome"]].concat())
            .into_iter()
            .filter_map(|(labels, count)| {
                let labels: Vec<_> = labels.iter().map(String::as_str).collect();
                let (own, outcomes) = labels.split_at_checked(SHADOW.len())?;
                let [outcome, shadow] = outcomes else { return None };
                of_this(own).then(|| ((*outcome).to_owned(), (*shadow).to_owned(), count))
            })
            .collect()
    }

    /// Questions that were not put to it, by the reasons that there were.
    #[cfg(feature = "console")]
    pub(crate) fn shed_by_reason(&self) -> Vec<(&'static str, u64)> {
        let all = ShedReason::ALL.iter().zip(&self.shed);
        all.map(|((_, reason), shed)| (*reason, shed.get())).filter(|(_, shed)| *shed > 0).collect()
    }

    pub(crate) fn shed(&self, reason: ShedReason) {
        if let Some(counter) = self.shed.get(reason as usize) {
            counter.inc();
        }
    }
}

/// The outcome of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum DecisionOutcome {
    Allowed,
    Denied,
    /// An answer that is no verdict.
    Answered,
    InvalidInput,
    Failed,
    Panicked,
    TimedOut,
    Refused,
    OverBudget,
    Shed,
}

impl DecisionOutcome {
    const ALL: [(Self, &'static str); 10] = [
        (Self::Allowed, "allowed"),
        (Self::Denied, "denied"),
        (Self::Answered, "answered"),
        (Self::InvalidInput, "invalid_input"),
        (Self::Failed, "failed"),
        (Self::Panicked, "panicked"),
        (Self::TimedOut, "timed_out"),
        (Self::Refused, "refused"),
        (Self::OverBudget, "over_budget"),
        (Self::Shed, "shed"),
    ];

    /// The name in metrics and logs.
    pub(crate) fn name(self) -> &'static str {
        Self::ALL.get(self as usize).map_or("", |(_, name)| *name)
    }
}

impl PolicyMetrics {
    pub(crate) fn count(&self, outcome: DecisionOutcome) {
        if let Some(counter) = self.outcomes.get(outcome as usize) {
            counter.inc();
        }
    }

    /// Observes what the evaluation of an answer used.
    pub(crate) fn observe(&self, usage: Usage) {
        // No count of bytes is so large that its last digits matter.
        #[expect(clippy::cast_precision_loss, reason = "buckets are far apart")]
        self.allocated.observe(usage.allocated as f64);
        if let Some(cpu) = usage.cpu {
            self.cpu.observe(cpu.as_secs_f64());
        }
    }

    /// Counts an evaluation that used more than this budget.
    pub(crate) fn count_over_budget(&self, over: OverBudget) {
        let [allocation, cpu] = &self.over_budget;
        match over {
            OverBudget::Allocation { .. } => allocation.inc(),
            OverBudget::Cpu { .. } => cpu.inc(),
        }
    }

    /// Everything that it has been counted for.
    #[cfg(feature = "console")]
    pub(crate) fn totals(&self) -> super::PolicyTotals {
        let mut totals = (0, 0, 0);
        for ((outcome, _), counter) in DecisionOutcome::ALL.iter().zip(&self.outcomes) {
            let count = counter.get();
            totals.0 += count;
            match outcome {
                DecisionOutcome::Allowed | DecisionOutcome::Answered => {}
                DecisionOutcome::Denied => totals.1 += count,
                _ => totals.2 += count,
            }
        }
        let (decisions, denied, failed) = totals;
        super::PolicyTotals::new(decisions, denied, failed, &self.latency)
    }

    /// Denials that named a declared check.
    #[cfg(feature = "console")]
    pub(crate) fn denials_of(&self, check: &str) -> u64 {
        let counter = self.denials.iter().find(|(id, _)| *id == check);
        counter.map_or(0, |(_, counter)| counter.get())
    }

    /// Counts a denial that names these declared checks.
    pub(crate) fn count_denials(&self, checks: &[&str]) {
        for (_, counter) in self.denials.iter().filter(|(id, _)| checks.contains(id)) {
            counter.inc();
        }
    }
}

impl Metrics {
    /// All at zero.
    ///
    /// # Errors
    /// Two of them with one name, which a test would have shown.
    pub(crate) fn new() -> prometheus::Result<Self> {
        let make = Make(Registry::new());
        let responses = make.counters("responses_total", "Responses by status", &["status"])?;
        Ok(Self {
            outcomes: make.counters(
                "decisions_total",
                "Questions put to a policy, by what came of them",
                &[&POLICY[..], &["outcome"]].concat(),
            )?,
            denials: make.counters(
                "check_denials_total",
                "Denials that name a check which the policy declares, by check",
                &[&POLICY[..], &["check"]].concat(),
            )?,
            latency: make.histograms(
                "decision_seconds",
                "Time from a question's bytes to its answer's",
                &POLICY,
                &BUCKETS,
            )?,
            usage: UsageVecs::new(&make)?,
            stuck: make.gauges(
                "evaluations_stuck",
                "Evaluations that overran their time and have not ended",
                &POLICY,
            )?,
            shadows: ShadowVecs::new(&make)?,
            violations: make.counters(
                "confinement_violations_total",
                "System calls that policies made and may not, by id",
                &["id", "call"],
            )?,
            requests: RequestMetrics {
                in_flight: make.gauge("requests_in_flight", "Requests that are decided on now")?,
                queued: make.gauge("requests_queued", "Requests that wait to be decided on")?,
                shed: make.counter("requests_shed_total", "Requests sent away under load")?,
                body_bytes: make.gauge(
                    "requests_body_bytes",
                    "Memory taken of `limits.bodies` by connections, requests and answers",
                )?,
                shadow_bytes: make.gauge(
                    "shadow_memory_bytes",
                    "Memory taken of `limits.shadows` by questions for shadows",
                )?,
                responses: ["1xx", "2xx", "3xx", "4xx", "5xx"]
                    .map(|class| responses.with_label_values(&[class])),
                reloads: make.counters_by(
                    "reloads_total",
                    "Loads of a changed configuration, by what came of them",
                    "outcome",
                    &["ok", "invalid"],
                )?,
            },
            connections: ConnectionMetrics {
                open: make.gauge("connections_open", "Connections that are open")?,
                memory: make.gauge(
                    "connections_memory_bytes",
                    "Memory of connections, without bodies and answers",
                )?,
                accepted: make.counter("connections_accepted_total", "Connections accepted")?,
                closed: make.counters_by(
                    "connections_closed_total",
                    "Connections that the server closed, by reason",
                    "reason",
                    &["tls", "idle", "shutdown"],
                )?,
            },
            decision_log: DecisionLogMetrics {
                queued: make.gauge("decision_log_queued", "Events that wait to be written")?,
                queued_bytes: make.gauge("decision_log_queued_bytes", "Bytes of those events")?,
                written: make.counter("decision_log_written_total", "Events written")?,
                dropped: make.counters_by(
                    "decision_log_dropped_total",
                    "Events lost, by reason",
                    "reason",
                    &["full", "too_large", "shutdown"],
                )?,
                failures: make.counter(
                    "decision_log_failures_total",
                    "Attempts to write or upload events that came to nothing",
                )?,
            },
            process: ProcessMetrics::new(&make.0)?,
            registry: make.0,
        })
    }

    /// The series of one policy, also when it has been asked for before.
    pub(crate) fn policy(
        &self,
        id: &str,
        policy: &str,
        version: &str,
        checks: &'static [Check],
    ) -> PolicyMetrics {
        let denials = |check: &'static Check| {
            let labels = [id, policy, version, check.id];
            (check.id, self.denials.with_label_values(&labels))
        };
        // A counter that appears with its first violation never rises: the commonest begins at nothing.
        let _ = self.violations.with_label_values(&[id, "openat"]);
        let UsageVecs { cpu, allocated, over_budget } = &self.usage;
        PolicyMetrics {
            outcomes: DecisionOutcome::ALL
                .map(|(_, name)| self.outcomes.with_label_values(&[id, policy, version, name])),
            denials: checks.iter().map(denials).collect(),
            latency: self.latency.with_label_values(&[id, policy, version]),
            cpu: cpu.with_label_values(&[id, policy, version]),
            allocated: allocated.with_label_values(&[id, policy, version]),
            over_budget: BUDGETS
                .map(|budget| over_budget.with_label_values(&[id, policy, version, budget])),
            stuck: self.stuck.with_label_values(&[id, policy, version]),
        }
    }

    /// The series of one shadow, also when it has been asked for before: by the id, the name and the
    /// version of the policy that answers, and the name and the version of the shadow. Verdicts are
    /// there from the beginning, at zero.
    pub(crate) fn shadow(&self, labels: [&str; SHADOW.len()]) -> ShadowMetrics {
        let ShadowVecs { decisions, shed, stuck } = &self.shadows;
        let [id, policy, version, name, shadow_version] = labels;
        let metrics = ShadowMetrics {
            decisions: decisions.clone(),
            shed: ShedReason::ALL.map(|(_, reason)| {
                shed.with_label_values(&[id, policy, version, name, shadow_version, reason])
            }),
            stuck: stuck.with_label_values(&labels),
            labels: labels.map(str::to_owned),
        };
        let verdicts = [DecisionOutcome::Allowed, DecisionOutcome::Denied];
        for (outcome, shadow) in
            verdicts.into_iter().flat_map(|outcome| verdicts.map(|shadow| (outcome, shadow)))
        {
            metrics.decided(outcome, shadow);
        }
        metrics
    }

    /// What policies tried and may not: the id, the system call, and how often, where ever.
    #[cfg(feature = "console")]
    pub(crate) fn violations_by_call(&self) -> Vec<(String, String, u64)> {
        series(&self.violations, &["id", "call"])
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .filter_map(|(labels, count)| {
                let [id, call] = <[String; 2]>::try_from(labels).ok()?;
                Some((id, call, count))
            })
            .collect()
    }

    /// All figures, in Prometheus' text format 0.0.4.
    pub(crate) fn text(&self) -> prometheus::Result<String> {
        if let Some(process) = &self.process {
            process.measure();
        }
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

impl UsageVecs {
    fn new(make: &Make) -> prometheus::Result<Self> {
        Ok(Self {
            cpu: make.histograms(
                "decision_cpu_seconds",
                "Time that a decision had of a processor; of one in 32, unless a budget or the \
                 decision log asks for all",
                &POLICY,
                &BUCKETS,
            )?,
            allocated: make.histograms(
                "decision_allocated_bytes",
                "Memory that a decision allocated in all, also what it freed meanwhile",
                &POLICY,
                &BYTES_BUCKETS,
            )?,
            over_budget: make.counters(
                "over_budget_total",
                "Evaluations that failed as they used more than their budget, by budget",
                &[&POLICY[..], &["budget"]].concat(),
            )?,
        })
    }
}

impl ShadowVecs {
    fn new(make: &Make) -> prometheus::Result<Self> {
        Ok(Self {
            decisions: make.counters(
                "shadow_decisions_total",
                "Questions put to a shadow, by what came of them and of the shadow",
                &[&SHADOW[..], &["outcome", "shadow_outcome"]].concat(),
            )?,
            shed: make.counters(
                "shadow_shed_total",
                "Questions of the sample that were not put to a shadow, by reason",
                &[&SHADOW[..], &["reason"]].concat(),
            )?,
            stuck: make.gauges(
                "shadow_evaluations_stuck",
                "Evaluations of a shadow that overran their time and have not ended",
                &SHADOW,
            )?,
        })
    }
}

/// The series of counters, sorted: the values of these labels, and the count.
#[cfg(feature = "console")]
fn series(counters: &IntCounterVec, labels: &[&str]) -> Vec<(Vec<String>, u64)> {
    use prometheus::core::Collector;
    use prometheus::proto::MetricFamily;

    let families = counters.collect();
    let of_metric = |metric: &prometheus::proto::Metric| {
        let value = |label: &&str| {
            let pairs = metric.get_label().iter();
            let pair = pairs.into_iter().find(|pair| pair.name() == *label);
            pair.map(|pair| pair.value().to_owned()).unwrap_or_default()
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it was a whole number before"
        )]
        let count = metric.get_counter().get_value() as u64;
        (labels.iter().map(value).collect::<Vec<_>>(), count)
    };
    let mut all: Vec<_> =
        families.iter().flat_map(MetricFamily::get_metric).map(of_metric).collect();
    all.sort();
    all
}

/// Makes series and registers them.
struct Make(Registry);

impl Make {
    fn opts(name: &str, help: &str) -> Opts {
        Opts::new(name, help).namespace("policy_engine")
    }

    /// Counters of which all series are there from the beginning, at zero.
    fn counters_by(
        &self,
        name: &str,
        help: &str,
        label: &str,
        values: &[&str],
    ) -> prometheus::Result<IntCounterVec> {
        let counters = self.counters(name, help, &[label])?;
        for value in values {
            counters.with_label_values(&[value]);
        }
        Ok(counters)
    }

    fn register<C: prometheus::core::Collector + Clone + 'static>(
        &self,
        collector: prometheus::Result<C>,
    ) -> prometheus::Result<C> {
        let collector = collector?;
        self.0.register(Box::new(collector.clone()))?;
        Ok(collector)
    }

    fn counter(&self, name: &str, help: &str) -> prometheus::Result<IntCounter> {
        self.register(IntCounter::with_opts(Self::opts(name, help)))
    }

    fn counters(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> prometheus::Result<IntCounterVec> {
        self.register(IntCounterVec::new(Self::opts(name, help), labels))
    }

    fn gauge(&self, name: &str, help: &str) -> prometheus::Result<IntGauge> {
        self.register(IntGauge::with_opts(Self::opts(name, help)))
    }

    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<IntGaugeVec> {
        self.register(IntGaugeVec::new(Self::opts(name, help), labels))
    }

    fn histograms(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
        buckets: &[f64],
    ) -> prometheus::Result<HistogramVec> {
        let opts = HistogramOpts::from(Self::opts(name, help)).buckets(buckets.to_vec());
        self.register(HistogramVec::new(opts, labels))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reloaded_policy_keeps_its_metric_series() {
        let metrics = Metrics::new().unwrap();
        metrics.policy("pods", "pod-security", "1.0.0", &[]).count(DecisionOutcome::Panicked);
        metrics.policy("pods", "pod-security", "1.0.0", &[]).count(DecisionOutcome::Panicked);
        let text = metrics.text().unwrap();
        let line = "policy_engine_decisions_total{id=\"pods\",outcome=\"panicked\",policy=\"pod-security\",version=\"1.0.0\"} 2";
        assert!(text.contains(line), "{text}");
        assert!(text.contains("le=\"0.000001\""), "{text}");
        assert!(cfg!(not(target_os = "linux")) || text.contains("process_resident_memory_bytes"));
    }

    #[test]
    fn outcomes_are_listed_in_declaration_order() {
        for (at, (outcome, _)) in DecisionOutcome::ALL.iter().enumerate() {
            assert_eq!(*outcome as usize, at);
        }
        for (at, (reason, _)) in ShedReason::ALL.iter().enumerate() {
            assert_eq!(*reason as usize, at);
        }
    }
}
