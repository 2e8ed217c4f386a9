use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::Request;

use super::PATIENCE;

/// The key under which the protocol names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A session of Chromium, driven by its own driver. Both end with this process, however it ends.
pub(super) struct Driver {
    agent: Agent,
    /// `http://127.0.0.1:PORT/session/ID`.
    session: String,
    /// The shell that waits for this pipe to close.
    _shell: (Child, ChildStdin),
}

impl Driver {
    pub(super) fn start() -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", "chromedriver --port=0 & read -r _; kill 0"]);
        shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut shell = shell.spawn().unwrap();
        let (pipe, out) = (shell.stdin.take().unwrap(), shell.stdout.take().unwrap());
        let started = "was started successfully on port ";
        let port = BufReader::new(out).lines().find_map(|line| {
            let line = line.unwrap();
            let (_, port) = line.split_once(started)?;
            Some(port.trim_end_matches('.').to_owned())
        });
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE + Duration::from_secs(5)))
            .proxy(None);
        let agent = config.build().new_agent();
        let sessions = format!("http://127.0.0.1:{}/session", port.unwrap());
        let created = call(&agent, "POST", &sessions, capabilities());
        let session = format!("{sessions}/{}", created["sessionId"].as_str().unwrap());
        Self { agent, session, _shell: (shell, pipe) }
    }

    pub(super) fn get(&self, path: &str) -> Value {
        call(&self.agent, "GET", &format!("{}/{path}", self.session), Value::Null)
    }

    pub(super) fn post(&self, path: &str, body: Value) -> Value {
        call(&self.agent, "POST", &format!("{}/{path}", self.session), body)
    }

    /// A command of Chromium's own protocol.
    pub(super) fn devtools(&self, command: &str, params: &Value) -> Value {
        self.post("goog/cdp/execute", json!({"cmd": command, "params": params}))
    }

    /// The path of an element, for commands about it.
    pub(super) fn element(&self, selector: &str) -> String {
        let found = json!({"using": "css selector", "value": selector});
        let found = self.post("element", found);
        format!("element/{}", found[ELEMENT].as_str().unwrap())
    }
}

/// A browser without a window, which writes down what goes wrong on a page.
fn capabilities() -> Value {
    let arguments =
        ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--lang=en"];
    json!({"capabilities": {"alwaysMatch": {
        "browserName": "chrome",
        "goog:chromeOptions": {"args": arguments},
        "goog:loggingPrefs": {"browser": "ALL"},
        "timeouts": {"script": 30_000, "pageLoad": 30_000},
    }}})
}

#[track_caller]
fn call(agent: &Agent, method: &str, url: &str, body: Value) -> Value {
    let request = Request::builder().method(method).uri(url);
    let response = match body {
        Value::Null => agent.run(request.body(()).unwrap()),
        body => agent.run(request.body(body.to_string()).unwrap()),
    };
    let text = response.unwrap().into_body().into_with_config().limit(u64::MAX).read_to_string();
    let mut answer: Value = serde_json::from_str(&text.unwrap()).unwrap();
    let value = answer["value"].take();
    assert!(value["error"].is_null(), "{url}: {}: {}", value["error"], value["message"]);
    value
}
