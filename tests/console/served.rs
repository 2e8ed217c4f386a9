use std::fs;
use std::ops::Deref;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Folder, Http, Server, until};

/// What is served to look at: each policy that the engine has, one with a shadow, one that only
/// monitors, one that is given little time, and one that cannot be configured.
pub(crate) const CONFIGURATION: &str = r#"
console: {listen: 127.0.0.1:0, decisions: 4MiB}
skip-invalid: true
policies:
  orders:
    policy: orders@1.4.0
    settings: {limit: 500, countries: [SE, DK], catalogue_token: hunter2-of-orders}
    shadow: {policy: orders@2.0.0, settings: {limit: 400, countries: [SE, DK]}}
  orders-abroad:
    policy: orders@2.0.0
    mode: monitor
    settings: {limit: 2000, currency: USD}
  pods: {policy: pod-security-restricted}
  answers: {}
  slow: {policy: answers, timeout: 200ms}
  markup: {settings: {text: "</script><script>alert(2)</script>"}}
  refused: {policy: markup, settings: {text: "!<script>alert(3)</script>"}}
"#;

/// The engine of these tests with its console, which is what requests go to.
pub(crate) struct Served {
    pub(crate) server: Server,
    pub(crate) folder: Folder,
    console: Http,
}

impl Served {
    pub(crate) fn start(configuration: &str) -> Self {
        Self::with_files(configuration, &[])
    }

    /// The same with files beside the configuration.
    pub(crate) fn with_files(configuration: &str, files: &[(&str, &str)]) -> Self {
        let folder = Folder::new().file("config.yaml", configuration);
        let folder = files.iter().fold(folder, |folder, (name, text)| folder.file(name, text));
        let mut command = Command::new(env!("CARGO_BIN_EXE_console-engine"));
        command.env_clear().current_dir(folder.path());
        command.args(["serve", "--listen", "127.0.0.1:0", "--config", "config.yaml"]);
        let server = Server::from_command(command);
        let console = server.logged("serving the console");
        let console = Http::new(console["address"].as_str().unwrap());
        Self { server, folder, console }
    }

    /// What another configuration makes of the decisions in the log `decisions.jsonl`.
    pub(crate) fn replayed(&self, configuration: &str) -> String {
        fs::write(self.folder.path().join("otherwise.yaml"), configuration).unwrap();
        let log = self.folder.path().join("decisions.jsonl");
        until("decisions are logged", || {
            fs::read_to_string(&log).is_ok_and(|log| log.contains("alert(6)"))
        });
        let replay =
            ["replay", "decisions.jsonl", "--config", "otherwise.yaml", "--format", "json"];
        let mut command = Command::new(env!("CARGO_BIN_EXE_console-engine"));
        let replayed = command.args(replay).current_dir(self.folder.path()).output().unwrap();
        String::from_utf8(replayed.stdout).unwrap()
    }

    /// The URL of a page.
    pub(crate) fn page(&self, path: &str) -> String {
        format!("{}{path}", self.console.url())
    }

    /// Has a policy decide.
    pub(crate) fn decide(&self, policy: &str, input: &Value) {
        self.server.post(&format!("/v1/data/{policy}"), &json!({"input": input}));
    }

    /// Has every policy decide something.
    pub(crate) fn decide_something(&self) {
        for amount in [20, 120, 450, 700, 90, 15] {
            let input = json!({"amount": amount, "country": "SE", "items": [{"name": "lamp"}]});
            self.decide("orders", &input);
        }
        self.decide("orders", &json!({"amount": 9_000, "country": "ZZ"}));
        self.decide("orders", &json!({"amount": "much"}));
        self.decide("orders-abroad", &json!({"amount": 9_000, "country": "US"}));
        self.decide("pods", &privileged_pod());
        self.decide("answers", &json!({"answer": {"anything": [1, 2, 3]}}));
        self.decide("answers", &json!({"fail": "the catalogue <b>is away</b>"}));
        self.decide("slow", &json!({"sleep": 1_000}));
        self.decide("markup", &json!({"<script>alert(4)</script>": "<script>alert(5)</script>"}));
        let check = "<script>alert(6)</script>";
        let denied = json!({"allowed": false, "violations": [
            {"check": check, "field": check, "message": check},
        ]});
        self.decide("answers", &json!({"answer": denied}));
    }
}

/// A pod that `pod-security-restricted` denies for several reasons.
pub(crate) fn privileged_pod() -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "debug", "namespace": "default"},
        "spec": {
            "hostNetwork": true,
            "containers": [
                {"name": "shell", "image": "busybox", "securityContext": {"privileged": true}},
                {"name": "web", "image": "nginx", "ports": [{"containerPort": 80, "hostPort": 80}]},
            ],
        },
    })
}

impl Deref for Served {
    type Target = Http;

    fn deref(&self) -> &Http {
        &self.console
    }
}
