//! A real API server calls the engine, and `kubectl` shows the results.
//!
//! It takes a cluster that may be changed, or an API server alone, so it is run by a command of its
//! own: `cargo test --package policy-tests --test engine api_server -- --ignored`, with
//!
//! - `POLICY_ENGINE_KUBECTL`: a command that reaches the API server, such as `kubectl --kubeconfig
//!   FILE`;
//! - `POLICY_ENGINE_WEBHOOK`: the address by which the API server reaches this machine, and which
//!   the engine serves at; `127.0.0.1:8443` unless it is set.
//!
//! All that it makes is in one namespace, and gone afterwards.

use std::env;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::{Folder, PATIENCE, Server, stress_engine, until_within};

const NAMESPACE: &str = "policy-engine-tries";

/// The result of a `kubectl` command.
struct KubectlOutput {
    succeeded: bool,
    text: String,
}

fn kubectl(arguments: &[&str]) -> KubectlOutput {
    kubectl_with(arguments, "")
}

fn kubectl_with(arguments: &[&str], input: &str) -> KubectlOutput {
    let Ok(command) = env::var("POLICY_ENGINE_KUBECTL") else {
        panic!("`POLICY_ENGINE_KUBECTL` is not set: set it to a command such as `kubectl`");
    };
    let mut words = command.split_whitespace();
    let mut child = Command::new(words.next().unwrap())
        .args(words)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    KubectlOutput { succeeded: output.status.success(), text: String::from_utf8(text).unwrap() }
}

/// Does it in the namespace.
fn done(arguments: &[&str]) -> KubectlOutput {
    kubectl(&[&["--namespace", NAMESPACE], arguments].concat())
}

fn create(object: &Value) -> KubectlOutput {
    let arguments = ["create", "--validate=false", "--namespace", NAMESPACE, "-f", "-"];
    kubectl_with(&arguments, &object.to_string())
}

/// The objects of the test on the cluster, which are removed on drop.
struct ClusterObjects;

impl ClusterObjects {
    fn new() -> Self {
        Self::remove();
        let said = kubectl(&["create", "namespace", NAMESPACE]);
        assert!(said.succeeded, "{}", said.text);
        Self
    }

    fn remove() {
        for kind in ["validating", "mutating"] {
            let kind = format!("{kind}webhookconfigurations");
            for name in ["pod-security-baseline", "policy-engine-tries"] {
                kubectl(&["delete", &kind, name, "--ignore-not-found"]);
            }
        }
        done(&["delete", "pods,configmaps,deployments", "--all", "--wait=false"]);
        kubectl(&["delete", "namespace", NAMESPACE, "--ignore-not-found"]);
    }
}

impl Drop for ClusterObjects {
    fn drop(&mut self) {
        Self::remove();
    }
}

/// The engine, where the API server reaches it.
struct Webhook {
    _server: Server,
    _folder: Folder,
    address: String,
    authority: String,
}

impl Webhook {
    fn new() -> Self {
        let address =
            env::var("POLICY_ENGINE_WEBHOOK").unwrap_or_else(|_| "127.0.0.1:8443".to_owned());
        let (host, _) = address.rsplit_once(':').unwrap();
        let kind = if host.parse::<std::net::IpAddr>().is_ok() { "IP" } else { "DNS" };
        let folder = Folder::new();
        let made = Command::new("openssl")
            .args("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2".split(' '))
            .args(["-subj", "/CN=policy-engine", "-keyout", "tls.key", "-out", "tls.crt"])
            .args(["-addext", &format!("subjectAltName={kind}:{host}")])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let config = json!({
            "tls": {"certificate": path("tls.crt"), "key": path("tls.key")},
            "policies": {"pod-security-baseline": {}, "tasks": {"policy": "stress-admission"}},
        });
        fs::write(path("config.json"), config.to_string()).unwrap();
        let authority = Command::new("base64").args(["-w0", &path("tls.crt")]).output().unwrap();
        let authority = String::from_utf8(authority.stdout).unwrap();
        let listen = format!("https://{address}");
        let plain = ["--listen", "http://127.0.0.1:0", "--listen", &listen];
        let server =
            stress_engine(&[&["serve", "--config", &path("config.json")], &plain[..]].concat());
        Self { _server: Server::from_command(server), _folder: folder, address, authority }
    }

    fn client_config(&self, path: &str) -> Value {
        json!({"caBundle": self.authority, "url": format!("https://{}{path}", self.address)})
    }

    /// A webhook for the namespace's config maps, at this path.
    fn of_config_maps(&self, kind: &str, path: &str) -> Value {
        json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": kind,
            "metadata": {"name": "policy-engine-tries"},
            "webhooks": [{
                "name": "tries.policy-engine.svc.cluster.local",
                "admissionReviewVersions": ["v1"], "sideEffects": "None", "failurePolicy": "Fail",
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}},
                "objectSelector": {"matchExpressions": [{"key": "try", "operator": "Exists"}]},
                "rules": [{
                    "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"],
                    "resources": ["configmaps"],
                }],
                "clientConfig": self.client_config(path),
            }],
        })
    }
}

/// The webhook configuration of the baseline, limited to the namespace, with the engine's address.
fn printed(webhook: &Webhook) -> String {
    let args = ["describe", "pod-security-baseline", "--format", "webhook"];
    let yaml = String::from_utf8(stress_engine(&args).output().unwrap().stdout).unwrap();
    let (start, _) = yaml.split_once("    clientConfig:\n").unwrap();
    let client_config = webhook.client_config("/validate/pod-security-baseline");
    let start = start.replace("operator: NotIn", "operator: In");
    let start = start.replace("values: [policy-engine]", &format!("values: [{NAMESPACE}]"));
    format!("{start}    clientConfig: {client_config}\n")
}

fn pod(name: &str, spec: &Value) -> Value {
    let metadata = json!({"name": name, "finalizers": ["example.com/hold"]});
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec});
    pod["spec"]["containers"] = json!([{"name": "a", "image": "registry.example.com/a:1"}]);
    pod
}

/// A config map about which a policy gives this answer.
fn config_map(name: &str, output: &Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {
            "name": name, "labels": {"try": "it"},
            "annotations": {"stress.example.com/output": output.to_string()},
        },
    })
}

#[track_caller]
fn succeeds(said: &KubectlOutput) {
    assert!(said.succeeded, "{}", said.text);
}

#[track_caller]
fn fails(said: &KubectlOutput, words: &str) {
    assert!(!said.succeeded && said.text.contains(words), "expected `{words}` in: {}", said.text);
}

/// Waits until the API server knows its webhooks, by something that none but they deny.
fn until_asked(object: &Value, words: &str) {
    let arguments =
        ["create", "--validate=false", "--dry-run=server", "--namespace", NAMESPACE, "-f", "-"];
    until_within(PATIENCE, "the API server asks", || {
        kubectl_with(&arguments, &object.to_string()).text.contains(words)
    });
}

#[test]
#[ignore = "it takes an API server of Kubernetes: CONTRIBUTING.md says how to name it"]
fn api_server_enforces_decisions_errors_and_patches_of_webhook() {
    let _objects = ClusterObjects::new();
    let webhook = Webhook::new();
    pods_are_judged_when_something_of_them_changes(&webhook);
    errors_are_told(&webhook);
    patches_are_applied_or_refused(&webhook);
}

fn pods_are_judged_when_something_of_them_changes(webhook: &Webhook) {
    let denied = "admission webhook \"pod-security-baseline.policy-engine.svc.cluster.local\" \
                  denied the request: spec.";
    succeeds(&create(&pod("bad", &json!({"hostPID": true}))));
    succeeds(&kubectl_with(&["create", "--validate=false", "-f", "-"], &printed(webhook)));
    until_asked(&pod("other", &json!({"hostPID": true})), denied);
    // A new one is denied, in words and with a reason.
    let said = create(&pod("other", &json!({"hostPID": true})));
    fails(&said, &format!("{denied}hostPID: `hostPID` is `true`: a pod may not"));
    fails(&said, "Error from server (Forbidden)");
    let template = json!({"metadata": {"labels": {"a": "b"}}, "spec": pod("", &json!({"hostIPC": true}))["spec"]});
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "other"},
        "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": template},
    });
    fails(&create(&deployment), &format!("{denied}template.spec.hostIPC"));
    // The one that is there can live on, and go.
    succeeds(&done(&["label", "pod", "bad", "a=b"]));
    succeeds(&done(&["annotate", "pod", "bad", "a=b"]));
    let phase = r#"{"status": {"phase": "Running"}}"#;
    succeeds(&done(&["patch", "pod", "bad", "--subresource=status", "--type=merge", "-p", phase]));
    fails(&done(&["set", "image", "pod/bad", "a=registry.example.com/a:2"]), denied);
    let debug = |pod: &str, name: &str, profile: &str| {
        let image = "--image=registry.example.com/debug:1";
        done(&["debug", pod, image, "-c", name, &format!("--profile={profile}"), "--", "true"])
    };
    fails(&debug("bad", "d", "restricted"), denied);
    // `kubectl debug` adds what is allowed.
    succeeds(&create(&pod("good", &json!({}))));
    succeeds(&debug("good", "d", "restricted"));
    fails(&debug("good", "e", "sysadmin"), &format!("{denied}ephemeralContainers[1]."));
    for name in ["bad", "good"] {
        succeeds(&done(&["delete", "pod", name, "--wait=false", "--grace-period=0", "--force"]));
        let free = r#"{"metadata": {"finalizers": null}}"#;
        succeeds(&done(&["patch", "pod", name, "--type=merge", "-p", free]));
        let gone = || !done(&["get", "pod", name]).succeeded;
        until_within(PATIENCE, "the pod is gone", gone);
    }
}

fn errors_are_told(webhook: &Webhook) {
    let kind = "ValidatingWebhookConfiguration";
    let create_webhook = |webhook: &Value| {
        kubectl_with(&["create", "--validate=false", "-f", "-"], &webhook.to_string())
    };
    let remove = || kubectl(&["delete", &format!("{kind}s").to_lowercase(), "policy-engine-tries"]);
    succeeds(&create_webhook(&webhook.of_config_maps(kind, "/validate/nothing")));
    let allowed = config_map("a", &json!({"allowed": true}));
    until_asked(
        &allowed,
        "failed to call webhook: no policy `nothing` is served; `/v1/policies` lists those that are",
    );
    succeeds(&remove());
    succeeds(&create_webhook(&webhook.of_config_maps(kind, "/validate/tasks")));
    let denied = config_map("a", &json!({"allowed": false, "reason": "as asked", "code": 422}));
    until_asked(&denied, "denied the request: as asked");
    fails(&create(&denied), "as asked");
    // What it warns of is shown.
    let output =
        json!({"allowed": true, "warnings": ["mind\nthe gap"], "auditAnnotations": {"a/b": "c"}});
    let said = create(&config_map("warned", &output));
    succeeds(&said);
    assert!(said.text.contains("Warning: mind the gap"), "{}", said.text);
    succeeds(&remove());
}

fn patches_are_applied_or_refused(webhook: &Webhook) {
    let mutating = webhook.of_config_maps("MutatingWebhookConfiguration", "/validate/tasks");
    succeeds(&kubectl_with(&["create", "--validate=false", "-f", "-"], &mutating.to_string()));
    until_asked(&config_map("a", &json!({"allowed": false, "reason": "as asked"})), "as asked");
    let patch = json!([{"op": "add", "path": "/metadata/labels/team", "value": "a"}]);
    succeeds(&create(&config_map("patched", &json!({"allowed": true, "patch": patch}))));
    let said = done(&["get", "configmap", "patched", "-o", "jsonpath={.metadata.labels.team}"]);
    assert_eq!(said.text, "a");
    for (patch, words) in [
        (
            json!([{"op": "add", "path": "/metadata/labels/team"}]),
            "policy `tasks` gave a `patch` that is none: operation 0 is `add` without a `value`",
        ),
        (
            json!([{"op": "move", "path": "/metadata/labels/team"}]),
            "policy `tasks` gave a `patch` that is none: operation 0 has no `from`",
        ),
        // What does not apply, the API server refuses by itself.
        (json!([{"op": "remove", "path": "/metadata/nothing"}]), "Internal error occurred"),
        (json!([{"op": "test", "path": "/kind", "value": "Pod"}]), "Internal error occurred"),
    ] {
        fails(&create(&config_map("refused", &json!({"allowed": true, "patch": patch}))), words);
    }
}
