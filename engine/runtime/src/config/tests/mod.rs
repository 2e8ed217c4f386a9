//! The whole of it: from a file, an environment and a command line to what comes of them.

mod console;
mod mistakes;
mod precedence;
mod settings;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use policy_confinement as confinement;

use super::*;
use crate::documents::located::{ConfigErrors, Origin};
use crate::policies::Budget;

/// A file of this name with this text, for as long as the value lives.
struct TempFile {
    folder: PathBuf,
    path: PathBuf,
}

impl TempFile {
    fn new(name: &str, text: &str) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir()
            .join(format!("policy-engine-config-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        Self { folder, path }
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// What there is to load.
#[derive(Default)]
struct Case {
    file: Option<TempFile>,
    sources: Sources,
}

impl Case {
    fn file(name: &str, text: &str) -> Self {
        let file = TempFile::new(name, text);
        let sources = Sources { file: Some(file.path.clone()), ..Sources::default() };
        Self { file: Some(file), sources }
    }

    fn yaml(text: &str) -> Self {
        Self::file("c.yaml", text)
    }

    fn toml(text: &str) -> Self {
        Self::file("c.toml", text)
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.sources.environment.push((name.to_owned(), value.into()));
        self
    }

    fn set(mut self, assignment: &str) -> Self {
        self.sources.flags.set.push(assignment.parse().unwrap());
        self
    }

    fn flags(mut self, flags: impl FnOnce(&mut Flags)) -> Self {
        flags(&mut self.sources.flags);
        self
    }

    fn load(&self) -> Loaded {
        load(&self.sources).unwrap_or_else(|mistakes| panic!("{mistakes}"))
    }

    /// The mistakes, with the file by its name alone.
    fn mistakes(&self) -> Vec<String> {
        let mistakes = load(&self.sources).expect_err("a mistake");
        self.short(&mistakes)
    }

    fn short(&self, mistakes: &ConfigErrors) -> Vec<String> {
        mistakes.to_string().lines().map(|line| self.short_name(line)).collect()
    }

    fn short_name(&self, text: &str) -> String {
        match &self.file {
            Some(file) => text.replace(&format!("{}/", file.folder.display()), ""),
            None => text.to_owned(),
        }
    }

    /// A setting as it came out, and where from.
    fn effective(&self, path: &str) -> String {
        let loaded = self.load();
        let setting = loaded.effective.iter().find(|setting| setting.path == path).expect(path);
        let value = match &setting.value {
            ShownValue::Text(text) => text,
            ShownValue::Json(json) => json.get(),
            ShownValue::Nothing => "none",
        };
        format!("{value} {}", self.short_name(&setting.origin.to_string()))
    }
}

fn address(text: &str) -> Address {
    values::ADDRESS.parse(text).unwrap()
}

/// Everything that may be set, in both of the formats.
const YAML: &str = r#"
listen: ["http://0.0.0.0:8181", "https://0.0.0.0:8443", "unix:///run/policy-engine/http.sock"]
diagnostic-listen: 127.0.0.1:8282
unix-socket-mode: "0660"
tls: { certificate: /tls/tls.crt, key: /tls/tls.key, client-ca: /tls/ca.crt }
tokens: /run/secrets/tokens
limits: { connections: 100, in-flight: 25, queue: 0, queue-time: 2s, body: 1MiB, bodies: 9MiB, shadows: 7MiB, header-time: 1s, body-time: 3s, idle-time: 1m }
timeout: 3s
max-stuck: 5
allocation-budget: 64MiB
cpu-budget: 50ms
shutdown: { wait: 5s, grace: 20s }
skip-invalid: true
confinement: warn
console: { listen: "127.0.0.1:8383", decisions: 16MiB, try-it: false }
default-decision: /http/authz/allowed
policies:
  web-pods:
    policy: pod-security-restricted@1
    settings: { version: v1.30, at: "2024-01-01", list: [{b: 1, a: 1.5}] }
    timeout: 500ms
    mode: monitor
    blocking: true
    max-stuck: 2
    allocation-budget: none
    cpu-budget: 10ms
    shadow:
      policy: pod-security-restricted@2
      settings: { version: v1.31 }
      sample: 12.5%
  http/authz: {}
decision-log:
  to: https://logs.example.com/v1/
  labels: { region: eu, zone: 1 }
  erase: ["/input/password"]
  mask: { "/result/token": "***", "/input/a": null }
  buffer: 32MiB
  when-full: wait
  token: /run/secrets/collector-token
  ca: /tls/collector-ca.crt
  upload: 2MiB
  delay: 0s
  timeout: 5s
  max-retry-delay: 1m
"#;

const TOML: &str = r#"
listen = ["http://0.0.0.0:8181", "https://0.0.0.0:8443", "unix:///run/policy-engine/http.sock"]
diagnostic-listen = "127.0.0.1:8282"
unix-socket-mode = "0660"
tls = { certificate = "/tls/tls.crt", key = "/tls/tls.key", client-ca = "/tls/ca.crt" }
tokens = "/run/secrets/tokens"
timeout = "3s"
max-stuck = 5
allocation-budget = "64MiB"
cpu-budget = "50ms"
shutdown = { wait = "5s", grace = "20s" }
skip-invalid = true
confinement = "warn"
default-decision = "http/authz/allowed"
console = { listen = "127.0.0.1:8383", decisions = "16MiB", try-it = false }

[limits]
connections = 100
in-flight = 25
queue = 0
queue-time = "2s"
body = "1MiB"
bodies = "9MiB"
shadows = "7MiB"
header-time = "1s"
body-time = "3s"
idle-time = "1m"

[policies.web-pods]
policy = "pod-security-restricted@1"
settings = { version = "v1.30", at = 2024-01-01, list = [{ b = 1, a = 1.5 }] }
timeout = "500ms"
mode = "monitor"
blocking = true
max-stuck = 2
allocation-budget = "none"
cpu-budget = "10ms"

[policies.web-pods.shadow]
policy = "pod-security-restricted@2"
settings = { version = "v1.31" }
sample = "12.5%"

[policies."http/authz"]

[decision-log]
to = "https://logs.example.com/v1/"
labels = { region = "eu", zone = 1 }
erase = ["/input/password"]
buffer = "32MiB"
when-full = "wait"
token = "/run/secrets/collector-token"
ca = "/tls/collector-ca.crt"
upload = "2MiB"
delay = "0s"
timeout = "5s"
max-retry-delay = "1m"

[decision-log.mask]
"/result/token" = "***"
"#;

/// The decision log of [`YAML`] and [`TOML`].
fn decision_log_of_yaml() -> DecisionLogConfig {
    let seconds = Duration::from_secs;
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    DecisionLogConfig {
        to: LogDestination::Collector(CollectorConfig {
            url: "https://logs.example.com/v1".to_owned(),
            token: Some("/run/secrets/collector-token".into()),
            ca: Some("/tls/collector-ca.crt".into()),
            upload: 2 << 20,
            delay: Duration::ZERO,
            timeout: seconds(5),
            max_retry_delay: seconds(60),
        }),
        labels: [pair("region", "eu"), pair("zone", "1")].into(),
        erase: vec!["/input/password".to_owned()],
        mask: [
            ("/result/token".to_owned(), "***".into()),
            ("/input/a".to_owned(), serde_json::Value::Null),
        ]
        .into(),
        buffer: 32 << 20,
        when_full: WhenFull::Wait,
    }
}

#[test]
fn every_setting_is_read_from_yaml() {
    let Config {
        listen,
        diagnostic_listen,
        unix_socket_mode,
        tls,
        tokens,
        limits,
        shutdown,
        policies,
        policy_defaults,
        default_decision,
        skip_invalid,
        decision_log,
        console: _,
        confinement,
    } = Case::yaml(YAML).load().config;
    assert_eq!(
        listen,
        [
            address("0.0.0.0:8181"),
            address("https://0.0.0.0:8443"),
            address("unix:///run/policy-engine/http.sock")
        ]
    );
    assert_eq!(diagnostic_listen, [address("127.0.0.1:8282")]);
    assert_eq!(unix_socket_mode, 0o660);
    assert_eq!(
        tls,
        Some(Tls {
            certificate: "/tls/tls.crt".into(),
            key: "/tls/tls.key".into(),
            client_ca: Some("/tls/ca.crt".into()),
        })
    );
    assert_eq!(tokens, Some("/run/secrets/tokens".into()));
    let seconds = Duration::from_secs;
    assert_eq!(
        limits,
        Limits {
            connections: 100,
            in_flight: 25,
            queue: 0,
            queue_time: seconds(2),
            body: 1 << 20,
            bodies: 9 << 20,
            shadows: 7 << 20,
            header_time: seconds(1),
            body_time: seconds(3),
            idle_time: seconds(60),
        }
    );
    assert_eq!(shutdown, Shutdown { wait: seconds(5), grace: seconds(20) });
    assert!(skip_invalid);
    assert_eq!(confinement, confinement::Mode::Warn);
    assert_eq!(default_decision.unwrap().path, "http/authz/allowed");
    let PolicySelection::Named(policies) = policies else { panic!("all policies") };
    assert_eq!(policies.keys().collect::<Vec<_>>(), ["http/authz", "web-pods"]);
    let pods = &policies["web-pods"];
    assert_eq!(pods.policy.to_string(), "pod-security-restricted@1");
    assert_eq!(
        String::from_utf8_lossy(pods.settings.as_json()),
        r#"{"version":"v1.30","at":"2024-01-01","list":[{"b":1,"a":1.5}]}"#
    );
    assert_eq!(
        (pods.timeout, pods.mode, pods.blocking, pods.max_stuck),
        (Duration::from_millis(500), Mode::Monitor, Some(true), 2)
    );
    let shadow = pods.shadow.as_ref().unwrap();
    assert_eq!(shadow.policy.to_string(), "pod-security-restricted@2");
    assert_eq!(shadow.settings.as_json(), br#"{"version":"v1.31"}"#);
    assert_eq!(shadow.sample.to_string(), "12.5%");
    let authz = &policies["http/authz"];
    assert!(authz.shadow.is_none());
    assert_eq!(authz.policy.to_string(), "http/authz");
    assert_eq!(authz.settings.as_json(), b"{}");
    let settings = (authz.timeout, authz.mode, authz.blocking, authz.max_stuck);
    assert_eq!(settings, (seconds(3), Mode::Enforce, None, 5));
    let PolicyDefaults { timeout, budget } = policy_defaults;
    assert_eq!((timeout, budget), (seconds(3), authz.budget));
    assert_eq!(decision_log, Some(decision_log_of_yaml()));
}

#[test]
fn budgets_are_those_of_all_policies_unless_one_sets_its_own() {
    let ms = |ms| Some(Duration::from_millis(ms));
    let PolicySelection::Named(policies) = Case::yaml(YAML).load().config.policies else {
        panic!("all policies")
    };
    let budgets = ["http/authz", "web-pods"].map(|id| policies[id].budget);
    let of_all = Budget { allocation: Some(64 << 20), cpu: ms(50) };
    assert_eq!(budgets, [of_all, Budget { allocation: None, cpu: ms(10) }]);
    let one = Case::yaml("policies: {a: {cpu-budget: none}}").env("POLICY_ENGINE_CPU_BUDGET", "1s");
    let PolicySelection::Named(policies) = one.load().config.policies else {
        panic!("all policies")
    };
    assert_eq!(policies["a"].budget, Budget::default());
}

/// A configuration without the places, which differ between formats.
fn without_places(case: &Case) -> String {
    let config = case.load().config;
    let PolicySelection::Named(policies) = &config.policies else { panic!("all policies") };
    let policies: Vec<_> = policies
        .iter()
        .map(|(id, policy)| {
            let settings = String::from_utf8_lossy(policy.settings.as_json()).into_owned();
            let reference = policy.policy.to_string();
            (
                id,
                reference,
                settings,
                policy.timeout,
                policy.mode,
                policy.blocking,
                policy.max_stuck,
                policy.budget,
                policy.shadow.as_ref().map(|shadow| {
                    let settings = String::from_utf8_lossy(shadow.settings.as_json());
                    (shadow.policy.to_string(), settings.into_owned(), shadow.sample)
                }),
            )
        })
        .collect();
    let rest = (&config.listen, &config.diagnostic_listen, &config.tls, &config.tokens);
    let more = (&config.limits, &config.shutdown, &config.decision_log);
    let numbers = (config.unix_socket_mode, config.skip_invalid);
    format!("{policies:?} {rest:?} {more:?} {numbers:?}")
}

#[test]
fn yaml_toml_and_json_are_equivalent() {
    // TOML has no null.
    let yaml = YAML.replace(r#", "/input/a": null"#, "");
    assert_eq!(without_places(&Case::toml(TOML)), without_places(&Case::yaml(&yaml)));
    let json = "{\n\t\"policies\": {\n\t\t\"a\": {\"settings\": {\"b\": [1, \"x\\/\\ud83d\\ude00\"]}}\n\t}\n}\n";
    assert_eq!(
        without_places(&Case::file("c.json", json)),
        without_places(&Case::yaml("policies: {a: {settings: {b: [1, x/😀]}}}"))
    );
}

#[test]
fn empty_configuration_has_defaults() {
    let Config {
        listen,
        diagnostic_listen,
        unix_socket_mode,
        tls,
        tokens,
        limits,
        shutdown,
        policies,
        policy_defaults,
        default_decision,
        skip_invalid,
        decision_log,
        console,
        confinement,
    } = Case::default().load().config;
    assert_eq!(listen, [address("127.0.0.1:8181")]);
    assert!(diagnostic_listen.is_empty());
    assert_eq!(unix_socket_mode, 0o600);
    assert!(tls.is_none() && tokens.is_none() && decision_log.is_none() && !skip_invalid);
    assert!(default_decision.is_none() && console.is_none());
    assert_eq!(confinement, confinement::Mode::Enforce);
    let seconds = Duration::from_secs;
    assert_eq!(
        limits,
        Limits {
            connections: 10_000,
            in_flight: 256,
            queue: 1024,
            queue_time: seconds(1),
            body: 8 << 20,
            bodies: 256 << 20,
            shadows: 16 << 20,
            header_time: seconds(10),
            body_time: seconds(30),
            idle_time: seconds(120),
        }
    );
    assert_eq!(shutdown, Shutdown { wait: Duration::ZERO, grace: seconds(10) });
    let PolicySelection::All { timeout, max_stuck, budget } = policies else {
        panic!("named policies")
    };
    assert_eq!((timeout, max_stuck, budget), (seconds(2), 4, Budget::default()));
    assert_eq!(policy_defaults, PolicyDefaults { timeout, budget });

    for text in ["", "# nothing\n", "{}"] {
        assert_eq!(Case::yaml(text).load().config.listen, [address("127.0.0.1:8181")], "{text}");
    }
}

#[test]
fn decision_log_may_be_one_string() {
    for case in [
        Case::yaml("decision-log: stdout"),
        Case::toml("decision-log = 'stdout'"),
        Case::default().env("POLICY_ENGINE_DECISION_LOG", "stdout"),
        Case::default().set("decision-log=stdout"),
        Case::default().flags(|flags| flags.decision_log = Some("stdout".to_owned())),
    ] {
        let log = case.load().config.decision_log.unwrap();
        assert_eq!(
            log,
            DecisionLogConfig {
                to: LogDestination::Stdout,
                labels: BTreeMap::new(),
                erase: Vec::new(),
                mask: BTreeMap::new(),
                buffer: 64 << 20,
                when_full: WhenFull::Drop,
            }
        );
    }
    let case = Case::yaml("decision-log: https://a").load().config.decision_log.unwrap();
    assert_eq!(
        case.to,
        LogDestination::Collector(CollectorConfig {
            url: "https://a".to_owned(),
            token: None,
            ca: None,
            upload: 1 << 20,
            delay: Duration::from_secs(1),
            timeout: Duration::from_secs(10),
            max_retry_delay: Duration::from_secs(30),
        })
    );
}
