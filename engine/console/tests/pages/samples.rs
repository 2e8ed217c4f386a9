//! Made-up models. Every text goes through a function, which tests give other texts.

use policy_console::{
    Build, Certificate, CheckSummary, Choices, Confinement, Decision, DecisionLog, DecisionPage,
    DecisionsPage, Dropped, FieldKind, Filter, Frame, Grant, KeptDecisions, Limit, Line,
    LinkedCrate, Listener, MarkedText, PoliciesPage, PolicyChoice, PolicyLimits, PolicyPage,
    PolicySummary, ProblemPage, Rates, Reload, ReplayPage, ReplayReport, ReplayedCell,
    ReplayedExample, ReplayedPolicy, ReplayedReason, ReplayedSide, ReplayedTimes, ReplayedVersion,
    ResultKind, Sample, Schema, SchemaField, ServerPage, Setting, Settings, SettingsField, Shadow,
    ShadowOutcome, Shed, SkippedPolicy, TrialForm, TrialPage, TrialResult, TriedSide, Unit,
    Violated, Violation, document,
};
use serde_json::{Value, json};

/// What a text becomes.
pub(crate) type Text<'a> = &'a dyn Fn(&str) -> String;

pub(crate) fn frame(path: &str, text: Text<'_>) -> Frame {
    Frame {
        path: path.to_owned(),
        version: text("0.2.0"),
        instance: text("policies-7d4b9c6f5-x2xqp"),
        now: text("2026-11-27T03:04:05.678Z"),
        takes_trials: true,
        notices: Vec::new(),
    }
}

pub(crate) fn notice(text: Text<'_>) -> Vec<String> {
    vec![text(
        "policies.yaml:12:3: failed to load the configuration: unknown setting `limit`; did you mean `limits`?",
    )]
}

/// A wave, which is the same each time.
fn samples(peak: u64, denied: u64, failed: u64) -> Vec<Sample> {
    let wave = [3, 5, 6, 8, 9, 10, 10, 9, 7, 6, 4, 3, 3, 4, 6, 7, 9, 8, 6, 5];
    wave.iter()
        .cycle()
        .take(60)
        .enumerate()
        .map(|(place, height)| {
            let decisions = peak * height / 10 + (place as u64 * 7) % (peak / 12 + 1);
            Sample {
                decisions,
                denied: if place % 3 == 0 { denied } else { denied / 2 },
                failed: if (40..44).contains(&place) { failed } else { 0 },
                p50_seconds: (decisions > 0).then_some(4.1e-6 + 1e-7 * *height as f64),
                p99_seconds: (decisions > 0).then_some(1.6e-5 + 1e-6 * (place % 7) as f64),
            }
        })
        .collect()
}

fn rates(peak: u64, denied: u64, failed: u64) -> Rates {
    let samples = samples(peak, denied, failed);
    let sum = |number: fn(&Sample) -> u64| samples.iter().map(number).sum::<u64>();
    let decisions = sum(|sample| sample.decisions);
    Rates {
        interval_seconds: 5,
        decisions_per_second: decisions as f64 / 300.0,
        decisions,
        denied: sum(|sample| sample.denied),
        failed: sum(|sample| sample.failed),
        p50_seconds: (decisions > 0).then_some(4.31e-6),
        p99_seconds: (decisions > 0).then_some(1.934e-5),
        samples,
    }
}

fn summary(
    text: Text<'_>,
    (id, policy, version): (&str, &str, &str),
    mode: &'static str,
    rates: Rates,
) -> PolicySummary {
    PolicySummary {
        id: text(id),
        href: format!("/policies/{id}"),
        policy: text(policy),
        version: text(version),
        description: text(
            "Pods keep to the Pod Security Standards: no host namespaces, no privileged containers, and volumes of a few kinds.",
        ),
        mode,
        rates,
        stuck: 0,
        is_suspended: false,
        shadow: None,
    }
}

pub(crate) fn policies(text: Text<'_>) -> PoliciesPage {
    let mut policies = vec![
        summary(text, ("pods", "pod-security", "1.2.0"), "enforce", rates(6200, 42, 0)),
        summary(text, ("web-pods", "pod-security", "1.2.0"), "monitor", rates(840, 120, 0)),
        summary(text, ("images", "allowed-registries", "0.3.1"), "enforce", rates(5900, 7, 0)),
        summary(
            text,
            ("staging-images", "allowed-registries", "0.3.1"),
            "enforce",
            rates(96, 0, 0),
        ),
        summary(text, ("httpapi/authz", "http-authz", "0.1.0"), "enforce", rates(18_400, 900, 0)),
        summary(text, ("geo", "geo-fence", "2.0.0-rc.1"), "enforce", rates(240, 3, 31)),
        summary(text, ("labels", "required-labels", "0.4.0"), "enforce", rates(310, 12, 0)),
        summary(text, ("ingress-hosts", "ingress-hosts", "1.0.0"), "enforce", rates(12, 1, 0)),
        summary(text, ("quota", "quota", "0.1.0"), "monitor", Rates::default()),
        summary(text, ("storage-classes", "storage", "3.1.4"), "enforce", rates(44, 0, 0)),
    ];
    policies[0].shadow = Some(text("pod-security@2.0.0"));
    policies[5].stuck = 4;
    policies[5].is_suspended = true;
    policies[6].stuck = 1;
    PoliciesPage { policies, skipped: Vec::new() }
}

pub(crate) fn policies_with_skipped(text: Text<'_>) -> PoliciesPage {
    let skipped = |id: &str, problem: &str| SkippedPolicy { id: text(id), problem: text(problem) };
    PoliciesPage {
        skipped: vec![
            skipped(
                "tenants",
                "policies.yaml:31:7: failed to read the settings of `tenants`: missing field `namespace`",
            ),
            skipped(
                "egress",
                "policy `egress-rules@0.9` is not in this program; it has egress-rules@1.0.0",
            ),
        ],
        ..policies(text)
    }
}

fn decision(text: Text<'_>, place: u64, verdict: ResultKind) -> Decision {
    let seconds = 59 - place % 60;
    Decision {
        decision_id: text(&format!("0199{place:04x}-7c1e-7a31-9f0e-5d1c0a9b8e{place:02x}")),
        timestamp: text(&format!("2026-11-27T03:03:{seconds:02}.{:03}Z", place * 137 % 1000)),
        id: text(["pods", "images", "httpapi/authz"][place as usize % 3]),
        policy: text("pod-security"),
        version: text("1.2.0"),
        verdict,
        error_code: (verdict == ResultKind::Failed).then(|| text("over_budget")),
        mode: text(if place % 5 == 3 { "monitor" } else { "enforce" }),
        checks: match verdict {
            ResultKind::Denied => vec![text("hostPorts"), text("privileged")],
            _ => Vec::new(),
        },
        reason: match verdict {
            ResultKind::Denied => Some(text(
                "spec.containers[0].ports[0].hostPort: `hostPort` is 80, and must not be set",
            )),
            ResultKind::Failed => Some(text("policy `geo` took longer than 2s")),
            _ => None,
        },
        microseconds: (verdict != ResultKind::Failed).then_some(4.31 + place as f64 * 1.7),
        requested_by: text("10.42.0.17:51234"),
        request_id: Some(text("b8f1d0c2-5f5e-4a3e-8d4e-0a6b1c2d3e4f")),
    }
}

fn some_decisions(text: Text<'_>) -> Vec<Decision> {
    use ResultKind::{Allowed, Answered, Denied, Failed};
    [Allowed, Denied, Allowed, Allowed, Denied, Failed, Allowed, Answered, Denied, Allowed]
        .into_iter()
        .cycle()
        .take(24)
        .zip(0..)
        .map(|(verdict, place)| decision(text, place, verdict))
        .collect()
}

fn kept() -> KeptDecisions {
    KeptDecisions {
        decisions: 4211,
        bytes: 9_800_000,
        max_bytes: 16 << 20,
        passed_over: 182_331,
        max_per_second: 250,
    }
}

fn choices(text: Text<'_>) -> Choices {
    Choices {
        policies: ["pods", "images", "httpapi/authz"].map(text).to_vec(),
        checks: ["hostPorts", "privileged"].map(text).to_vec(),
    }
}

pub(crate) fn decisions(text: Text<'_>) -> DecisionsPage {
    DecisionsPage {
        kept: Some(kept()),
        filter: Filter::default(),
        choices: choices(text),
        decisions: some_decisions(text),
        has_more: true,
    }
}

pub(crate) fn decisions_off(_: Text<'_>) -> DecisionsPage {
    DecisionsPage {
        kept: None,
        filter: Filter::default(),
        choices: Choices::default(),
        decisions: Vec::new(),
        has_more: false,
    }
}

pub(crate) fn decisions_without_match(text: Text<'_>) -> DecisionsPage {
    DecisionsPage {
        filter: Filter {
            policy: Some(text("tenants")),
            version: None,
            verdict: Some(ResultKind::Denied),
            check: Some(text("seccomp")),
            mode: Some(text("audit")),
            text: Some(text("kube-system")),
        },
        decisions: Vec::new(),
        has_more: false,
        ..decisions(text)
    }
}

const INPUT: &str = "apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: shop
  annotations:
    example.org/comment: a long line that has to be wrapped on a narrow screen, as nobody wants to scroll to the side for it
spec:
  hostNetwork: true
  containers:
    - name: web
      image: registry.example.org/shop/web:1.4.2
      securityContext:
        privileged: true
      ports:
        - containerPort: 80
          hostPort: 80
    - name: sidecar
      image: registry.example.org/shop/sidecar:0.3.0

";

fn violations(text: Text<'_>) -> Vec<Violation> {
    let violation = |check: &str, field: &str, message: &str, line| Violation {
        check: Some(text(check)),
        field: Some(text(field)),
        message: text(message),
        line: Some(line),
    };
    vec![
        violation("hostNamespaces", "spec.hostNetwork", "`hostNetwork` is true", 9),
        violation(
            "privileged",
            "spec.containers[0].securityContext.privileged",
            "container `web` is privileged",
            14,
        ),
        violation(
            "hostPorts",
            "spec.containers[0].ports[0].hostPort",
            "`hostPort` is 80, and must not be set",
            17,
        ),
        violation(
            "hostPorts",
            "spec.containers[0].ports[0].hostPort",
            "port 80 is taken by the node",
            17,
        ),
        Violation { check: None, field: None, message: text("the pod has no owner"), line: None },
        violation("names", "spec.containers[99].name", "in a line that is not shown", 2500),
    ]
}

fn marked(text: Text<'_>, violations: &[Violation]) -> MarkedText {
    let lines = INPUT.lines().enumerate().map(|(place, line)| Line {
        text: if line.is_empty() { String::new() } else { text(line) },
        violations: (0..violations.len())
            .filter(|violation| violations[*violation].line == Some(place + 1))
            .collect(),
    });
    MarkedText { lines: lines.collect(), omitted_lines: 3 }
}

fn value(text: Text<'_>) -> Value {
    json!({
        "registries": [text("registry.example.org"), text("ghcr.io/acme")],
        "exempt": { "namespaces": [text("kube-system")] },
        "password": "••••••",
    })
}

pub(crate) fn decision_denied(text: Text<'_>) -> DecisionPage {
    let violations = violations(text);
    DecisionPage {
        decision: decision(text, 13, ResultKind::Denied),
        path: text("/v1/data/pods"),
        trace_id: Some(text("4bf92f3577b34da6a3ce929d0e0e4736")),
        span_id: Some(text("00f067aa0ba902b7")),
        allocated_bytes: Some(18_432),
        cpu_microseconds: Some(11.2),
        input: Some(marked(text, &violations)),
        violations,
        omitted_violations: 2,
        result: Some(text("{\n  \"allowed\": false,\n  \"reasons\": []\n}")),
        error: None,
        erased: vec![text("/input/metadata/annotations/token")],
        masked: vec![text("/input/spec/password")],
        omitted: vec![text("/result/patches")],
        event: value(text),
        try_href: Some("/try?decision=0199".to_owned()),
    }
}

pub(crate) fn decision_failed(text: Text<'_>) -> DecisionPage {
    DecisionPage {
        decision: decision(text, 5, ResultKind::Failed),
        violations: Vec::new(),
        omitted_violations: 0,
        input: None,
        result: None,
        error: Some(text("policy `geo` took longer than 2s")),
        erased: Vec::new(),
        masked: Vec::new(),
        omitted: Vec::new(),
        try_href: None,
        ..decision_denied(text)
    }
}

fn schema(text: Text<'_>) -> Schema {
    let field =
        |path: &str, kind: &str, required, default: Option<&str>, description: &str| SchemaField {
            path: text(path),
            kind: text(kind),
            required,
            default: default.map(text),
            description: text(description),
        };
    Schema {
        fields: vec![
            field(
                "registries[]",
                "string",
                true,
                None,
                "Registries that images may come from, also with the beginning of a repository.",
            ),
            field(
                "exempt.namespaces[]",
                "string",
                false,
                Some("[]"),
                "Namespaces whose pods are not looked at.",
            ),
            field(
                "level",
                "one of \"baseline\", \"restricted\"",
                false,
                Some("\"baseline\""),
                "The profile of the Pod Security Standards.",
            ),
            field(
                "max-age",
                "integer or null",
                false,
                Some("null"),
                "Days after which an image is too old.",
            ),
        ],
        schema: value(text),
    }
}

fn grants(text: Text<'_>) -> Vec<Grant> {
    vec![Grant {
        grant: text("files of geo (std::fs::read)"),
        reason: text("The database of places is a file, as it is too large for the settings."),
    }]
}

pub(crate) fn policy(text: Text<'_>) -> PolicyPage {
    let check = |id: &str, severity: &str, about: &str, denials| CheckSummary {
        id: text(id),
        severity: text(severity),
        summary: text(about),
        url: Some(format!("https://kubernetes.io/docs/concepts/security/#{}", id.to_lowercase())),
        denials,
    };
    let outcome = |outcome: &str, shadow: &str, decisions| ShadowOutcome {
        outcome: text(outcome),
        shadow_outcome: text(shadow),
        decisions,
    };
    let mut page = PolicyPage {
        summary: policies(text).policies.swap_remove(0),
        crate_name: text("pod-security"),
        crate_version: text("1.2.0"),
        authors: vec![text("Platform team <platform@example.org>")],
        checks: vec![
            check("hostNamespaces", "high", "Pods do not share the namespaces of their host.", 312),
            check("privileged", "high", "Containers are not privileged.", 1822),
            check("hostPorts", "medium", "Containers take no ports of their host.", 41),
            check("seccomp", "low", "Pods have a seccomp profile.", 0),
        ],
        grants: grants(text),
        limits: PolicyLimits {
            timeout: text("2s"),
            allocation_budget: Some(text("64 MiB")),
            cpu_budget: Some(text("1s")),
            max_stuck: 4,
            blocking: false,
        },
        settings: Settings {
            digest: text("sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
            value: value(text),
            from: text("policies.yaml:3:5"),
        },
        settings_schema: Some(schema(text)),
        input_schema: Some(schema(text)),
        versions: ["2.0.0", "1.2.0", "1.1.4"].map(text).to_vec(),
        shadow_decisions: Some(Shadow {
            policy: text("pod-security"),
            version: text("2.0.0"),
            sample: text("10%"),
            outcomes: vec![
                outcome("allowed", "allowed", 129_311),
                outcome("allowed", "denied", 417),
                outcome("denied", "denied", 2011),
            ],
            shed: vec![
                Shed { reason: "busy", questions: 12 },
                Shed { reason: "full", questions: 3 },
            ],
        }),
        last_denials: Some((1..4).map(|place| decision(text, place, ResultKind::Denied)).collect()),
    };
    page.checks[3].url = Some("javascript:alert(1)".to_owned());
    page
}

fn form(text: Text<'_>) -> TrialForm {
    TrialForm {
        policy: "pods".to_owned(),
        other: "pod-security@2.0.0".to_owned(),
        input: text(INPUT),
        settings: text("level: restricted"),
        other_settings: text("level: baseline"),
    }
}

fn policy_choices(text: Text<'_>) -> Vec<PolicyChoice> {
    let choice = |value: &str, label: &str, is_served| PolicyChoice {
        value: value.to_owned(),
        label: text(label),
        is_served,
    };
    vec![
        choice("pods", "pods (pod-security@1.2.0)", true),
        choice("images", "images (allowed-registries@0.3.1)", true),
        choice("pod-security@2.0.0", "pod-security@2.0.0", false),
        choice("pod-security@1.2.0", "pod-security@1.2.0", false),
    ]
}

fn fields(text: Text<'_>) -> Vec<SettingsField> {
    let field = |path: &str, kind, value: &str, required, default: Option<&str>, about: &str| {
        SettingsField {
            name: format!("set.{path}"),
            path: text(path),
            kind,
            value: text(value),
            required,
            default: default.map(text),
            description: text(about),
        }
    };
    let levels = FieldKind::Choice(["baseline", "restricted"].map(str::to_owned).to_vec());
    vec![
        field(
            "registries",
            FieldKind::Json,
            "[\"registry.example.org\"]",
            true,
            None,
            "Registries that images may come from.",
        ),
        field(
            "level",
            levels,
            "restricted",
            false,
            Some("\"baseline\""),
            "The profile of the Pod Security Standards.",
        ),
        field(
            "max-age",
            FieldKind::Number,
            "",
            false,
            Some("null"),
            "Days after which an image is too old.",
        ),
        field(
            "strict",
            FieldKind::Switch,
            "",
            false,
            Some("false"),
            "Tags are not enough: images have a digest.",
        ),
        field(
            "contact",
            FieldKind::Text,
            "platform@example.org",
            false,
            None,
            "Whom denials name.",
        ),
        field("token", FieldKind::Secret, "", false, None, "What the registry wants."),
    ]
}

pub(crate) fn trial(text: Text<'_>) -> TrialPage {
    TrialPage {
        policies: policy_choices(text),
        form: TrialForm { policy: "pods".to_owned(), ..TrialForm::default() },
        fields: fields(&|_| String::new()),
        configuration: None,
        problems: Vec::new(),
        settings_are_valid: false,
        result: None,
    }
}

fn side(text: Text<'_>, version: &str, violations: Vec<Violation>) -> TriedSide {
    TriedSide {
        policy: text("pod-security"),
        version: text(version),
        settings_digest: text(
            "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        ),
        verdict: if violations.is_empty() { ResultKind::Allowed } else { ResultKind::Denied },
        mode: "monitor",
        settings_from: "as served",
        violations,
        omitted_violations: 1,
        output: Some(text("{\n  \"allowed\": false\n}")),
        error: None,
        microseconds: Some(12.4),
        allocated_bytes: Some(18_432),
    }
}

pub(crate) fn trial_denied(text: Text<'_>) -> TrialPage {
    let violations = violations(text);
    TrialPage {
        form: form(text),
        fields: fields(text),
        configuration: Some(text(
            "policies:\n  pods:\n    policy: pod-security\n    settings:\n      level: restricted",
        )),
        result: Some(TrialResult {
            input: marked(text, &violations),
            side: side(text, "1.2.0", violations),
            other: None,
            differences: Vec::new(),
        }),
        ..trial(text)
    }
}

pub(crate) fn trial_compared(text: Text<'_>) -> TrialPage {
    let mut page = trial_denied(text);
    if let Some(result) = &mut page.result {
        let violation = Violation {
            check: Some(text("names")),
            field: Some(text("metadata.name")),
            message: text("`web` is no name of this shop"),
            line: Some(4),
        };
        result.other = Some(side(text, "2.0.0", vec![violation]));
        result.differences = vec![
            text("only pod-security@2.0.0 names `names`"),
            text("only pod-security@1.2.0 names `hostPorts`, `privileged`"),
        ];
    }
    page
}

pub(crate) fn trial_checked(text: Text<'_>) -> TrialPage {
    TrialPage { form: form(text), fields: fields(text), settings_are_valid: true, ..trial(text) }
}

pub(crate) fn trial_with_problems(text: Text<'_>) -> TrialPage {
    TrialPage {
        form: form(text),
        fields: fields(text),
        problems: vec![
            text("failed to read the input: line 4, column 7: expected `:`"),
            text("failed to read the settings: unknown field `levle`; did you mean `level`?"),
        ],
        ..trial(text)
    }
}

pub(crate) fn trial_failed(text: Text<'_>) -> TrialPage {
    let mut page = trial_denied(text);
    if let Some(result) = &mut page.result {
        result.side.verdict = ResultKind::Failed;
        result.side.error = Some(text("it took longer than 2s"));
        result.side.violations = Vec::new();
        result.side.output = None;
        result.input.lines.iter_mut().for_each(|line| line.violations.clear());
    }
    page
}

pub(crate) fn server(text: Text<'_>) -> ServerPage {
    let limit = |setting, used, limit, unit| Limit { setting, used, limit, unit };
    let certificate = |file: &str, not_after: &str, days_left| Certificate {
        file: text(file),
        not_after: text(not_after),
        days_left,
    };
    let setting = |path: &str, value: Option<&str>, from: &str| Setting {
        path: text(path),
        value: value.map(text),
        from: text(from),
    };
    ServerPage {
        started: text("2026-11-24T09:00:00Z"),
        uptime_seconds: 234_245,
        is_ready: true,
        listeners: vec![
            Listener {
                url: text("https://0.0.0.0:8443"),
                serves: "decisions",
                asks_for: vec!["a token", "a certificate"],
            },
            Listener {
                url: text("http://127.0.0.1:9090"),
                serves: "diagnostics",
                asks_for: vec![],
            },
            Listener { url: text("http://127.0.0.1:9091"), serves: "console", asks_for: vec![] },
        ],
        certificates: vec![
            certificate("/etc/tls/tls.crt", "2027-02-14T00:00:00Z", 79),
            certificate("/etc/tls/old.crt", "2026-12-09T00:00:00Z", 12),
            certificate("/etc/tls/older.crt", "2026-11-20T00:00:00Z", -7),
        ],
        limits: vec![
            limit("limits.in-flight", 37, 1024, Unit::Count),
            limit("limits.connections", 892, 1000, Unit::Count),
            limit("limits.memory", 14 << 20, 256 << 20, Unit::Bytes),
            limit("limits.queue", 0, 4096, Unit::Count),
        ],
        decision_log: Some(DecisionLog {
            to: text("https://logs.example.org/decisions"),
            written: 1_829_311,
            queued: 12,
            failures: 3,
            dropped: vec![
                Dropped { reason: text("the queue was full"), events: 120 },
                Dropped { reason: text("the event was too large"), events: 0 },
            ],
        }),
        confinement: Confinement {
            mode: text("enforce"),
            missing: vec![text("Landlock: this kernel is older than 5.13")],
            violations: vec![Violated { id: text("geo"), call: text("openat"), count: 4 }],
        },
        reloads: vec![
            Reload {
                at: text("2026-11-27T02:58:11Z"),
                mistakes: vec![text(
                    "policies.yaml:12:3: unknown setting `limit`; did you mean `limits`?",
                )],
            },
            Reload { at: text("2026-11-26T16:20:00Z"), mistakes: Vec::new() },
        ],
        settings: vec![
            setting("listen", Some("https://0.0.0.0:8443"), "policies.yaml:1:9"),
            setting("console.listen", Some("127.0.0.1:9091"), "--console"),
            setting("console.decisions", Some("16MiB"), "policies.yaml:4:14"),
            setting("tokens.file", None, "default"),
            setting("limits.body", Some("1MiB"), "default"),
            setting("limits.in-flight", Some("1024"), "POLICY_ENGINE_LIMITS_IN_FLIGHT"),
            setting("tls.client-ca", Some("/etc/tls/ca.crt"), "policies.yaml:9:14"),
        ],
        build: Build {
            engine: text("0.2.0"),
            api: text("0.1.0"),
            target: text("x86_64-unknown-linux-musl"),
            revision: Some(text("2b6322c6b7a1d0a9a1d1c2f5b4f0b8a3")),
            digest: Some(text(
                "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            )),
            crates: vec![
                LinkedCrate { name: text("pod-security"), version: text("1.2.0"), grants: vec![] },
                LinkedCrate {
                    name: text("geo-fence"),
                    version: text("2.0.0-rc.1"),
                    grants: grants(text),
                },
            ],
        },
    }
}

fn replayed_side(text: Text<'_>, reasons: &[&str]) -> ReplayedSide {
    let reasons = reasons.iter().map(|message| ReplayedReason {
        check: Some(text("hostPorts")),
        field: Some(text("spec.containers[0].ports[0].hostPort")),
        message: text(message),
    });
    ReplayedSide { reasons: Some(reasons.collect()), error: None }
}

pub(crate) fn replay_report(text: Text<'_>) -> ReplayPage {
    let example = |line| ReplayedExample {
        log: text("decisions.jsonl"),
        event: line,
        line,
        column: 1,
        decision_id: text("01990004-7c1e-7a31-9f0e-5d1c0a9b8e04"),
        path: text("/v1/data/web-pods"),
        before: replayed_side(text, &[]),
        after: replayed_side(text, &["`hostPort` is 80"]),
    };
    let cell = |before: &str, after: &str, change: &str, decisions, examples| ReplayedCell {
        before: before.to_owned(),
        after: after.to_owned(),
        change: change.to_owned(),
        decisions,
        examples,
    };
    let version = |version: &str, mean| ReplayedVersion {
        version: Some(text(version)),
        nanoseconds: Some(ReplayedTimes { mean, p50: mean - 500, p99: mean * 3 }),
    };
    ReplayPage {
        report: Some(ReplayReport {
            decisions: 9377,
            changed: 19,
            cannot_be_replayed: [(text("input_hidden"), 12), (text("a reason"), 3)].into(),
            other_events: 3,
            unreadable_events: 0,
            policies: vec![ReplayedPolicy {
                policy: text("web-pods"),
                before: version("0.1.0", 4310),
                after: version("0.2.0", 2950),
                matrix: vec![
                    cell("allowed", "denied", "verdict", 2, vec![example(4711), example(4802)]),
                    cell("denied", "denied", "answer", 17, vec![example(99)]),
                    cell("allowed", "allowed", "nothing", 9041, Vec::new()),
                    cell("denied", "denied", "nothing", 317, Vec::new()),
                ],
            }],
        }),
        problem: None,
    }
}

pub(crate) fn replay_problem(text: Text<'_>) -> ReplayPage {
    ReplayPage {
        report: None,
        problem: Some(text(
            "failed to read the report: missing field `decisions` at line 1 column 2",
        )),
    }
}

pub(crate) fn replay(_: Text<'_>) -> ReplayPage {
    ReplayPage::default()
}

pub(crate) fn problem(text: Text<'_>) -> ProblemPage {
    ProblemPage { status: 404, message: text("no policy `tenants` is served") }
}

/// Every page, by a name for its file, as HTML.
pub(crate) fn documents(text: Text<'_>) -> Vec<(&'static str, String)> {
    let plain = |path: &str| frame(path, text);
    let alarmed = |path: &str| Frame { notices: notice(text), ..frame(path, text) };
    vec![
        ("policies", document(&plain("/"), &policies(text))),
        ("policies-skipped", document(&alarmed("/"), &policies_with_skipped(text))),
        ("policy", document(&plain("/policies/pods"), &policy(text))),
        ("decisions", document(&plain("/decisions"), &decisions(text))),
        ("decisions-off", document(&plain("/decisions"), &decisions_off(text))),
        (
            "decisions-no-match",
            document(&plain("/decisions?text=a"), &decisions_without_match(text)),
        ),
        ("decision", document(&plain("/decisions/0199"), &decision_denied(text))),
        ("decision-failed", document(&plain("/decisions/0199"), &decision_failed(text))),
        ("try", document(&plain("/try"), &trial(text))),
        ("try-denied", document(&plain("/try"), &trial_denied(text))),
        ("try-compared", document(&plain("/try"), &trial_compared(text))),
        ("try-checked", document(&plain("/try"), &trial_checked(text))),
        ("try-problems", document(&plain("/try"), &trial_with_problems(text))),
        ("try-failed", document(&plain("/try"), &trial_failed(text))),
        ("server", document(&plain("/server"), &server(text))),
        ("replay", document(&plain("/replay"), &replay(text))),
        ("replay-report", document(&plain("/replay"), &replay_report(text))),
        ("replay-problem", document(&plain("/replay"), &replay_problem(text))),
        ("problem", document(&plain("/policies/tenants"), &problem(text))),
    ]
}
