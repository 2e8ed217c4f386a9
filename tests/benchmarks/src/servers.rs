//! The servers that are measured: each on a port of its own, with the same decision to make.

use std::io::{self, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use policy_benchmarks::Cases;
use serde_json::json;
use tempfile::TempDir;

use crate::rounds::Effort;
use crate::{builds, decisions, paths, tools};

/// Longer than any of them takes to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// `policy-engine serve`, as `cargo image` builds it.
    Ours,
    /// hyper with a constant answer.
    Bare,
    /// The design that this project began with, in Go.
    Go,
    CedarAgent,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "policy-engine",
            Self::Bare => "bare hyper",
            Self::Go => "Go `net/http`",
            Self::CedarAgent => "cedar-agent 0.2.0",
        }
    }
}

/// A server to measure, and its request.
pub(crate) struct Server {
    pub(crate) kind: Kind,
    program: PathBuf,
    /// The folder with the files of every server.
    folder: TempDir,
    path: &'static str,
    body: String,
    /// The text that a correct response contains.
    expected: &'static str,
}

/// One that runs.
pub(crate) struct Running {
    child: Child,
    pub(crate) url: String,
    /// From its start to its first right answer.
    pub(crate) took: Duration,
}

/// All servers that can be had here, ours first.
pub(crate) fn all(effort: Effort, work: &Path) -> io::Result<Vec<Server>> {
    let mut servers = vec![Server::ours(builds::engine(work, None)?)?];
    let bare = decisions::bare_server(effort)?;
    servers.push(Server::new(Kind::Bare, bare, "/", request()?.to_string(), "viewer")?);
    let go = builds::go_server().and_then(|program| {
        Server::new(Kind::Go, program, "/policies/http-authz", request()?.to_string(), "viewer")
    });
    let cedar = || {
        let program = tools::cedar_agent()?;
        Server::new(Kind::CedarAgent, program, "/v1/is_authorized", cedar_request(), "Allow")
    };
    for (kind, server) in [
        (Kind::Go, Some(go)),
        // Minutes to compile: not for a short run.
        (Kind::CedarAgent, (effort == Effort::Full).then(cedar)),
    ] {
        match server {
            Some(Ok(server)) => servers.push(server),
            Some(Err(error)) => drop(tools::skipped::<()>(kind.name(), &error)?),
            None => crate::say(&format!("{} is not part of a quick run", kind.name())),
        }
    }
    Ok(servers)
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// The first of the cases, which is allowed.
fn request() -> io::Result<serde_json::Value> {
    let cases = Cases::read(&paths::own("cases/http-authz.json"))?;
    let first = cases.cases.first().ok_or_else(|| io::Error::other("no cases"))?;
    Ok(serde_json::from_str(first.input.get())?)
}

fn cedar_request() -> String {
    json!({
        "principal": r#"User::"alice""#,
        "action": r#"Action::"GET""#,
        "resource": r#"Application::"api""#,
        "context": {"path": "/api/v1/pods"},
    })
    .to_string()
}

impl Server {
    /// The engine, as a client of OPA asks it.
    pub(crate) fn ours(program: PathBuf) -> io::Result<Self> {
        let body = json!({ "input": request()? }).to_string();
        Self::new(Kind::Ours, program, "/v1/data/http-authz", body, "viewer")
    }

    /// The same without confinement.
    pub(crate) fn ours_unconfined(program: PathBuf) -> io::Result<Self> {
        Self::ours(program)?.with_setting("confinement", "off".into())
    }

    /// The same with a console at this port, which keeps decisions.
    pub(crate) fn ours_with_console(program: PathBuf, port: u16) -> io::Result<Self> {
        let console = json!({ "listen": format!("127.0.0.1:{port}"), "decisions": "16MiB" });
        Self::ours(program)?.with_setting("console", console)
    }

    fn with_setting(self, name: &str, value: serde_json::Value) -> io::Result<Self> {
        let file = self.folder.path().join("config.json");
        let mut config: serde_json::Value = serde_json::from_slice(&fs::read(&file)?)?;
        if let Some(settings) = config.as_object_mut() {
            settings.insert(name.to_owned(), value);
        }
        fs::write(file, config.to_string())?;
        Ok(self)
    }

    /// The same with a shadow of its own version and settings, which is asked everything.
    pub(crate) fn ours_with_shadow(program: PathBuf) -> io::Result<Self> {
        let server = Self::ours(program)?;
        let cases = Cases::read(&paths::own("cases/http-authz.json"))?;
        let settings: serde_json::Value = serde_json::from_str(cases.settings.get())?;
        let shadow = json!({ "policy": "http-authz", "settings": settings, "sample": "100%" });
        let policy = json!({ "settings": settings, "shadow": shadow });
        let config = json!({ "policies": { "http-authz": policy } });
        fs::write(server.folder.path().join("config.json"), config.to_string())?;
        Ok(server)
    }

    fn new(
        kind: Kind,
        program: PathBuf,
        path: &'static str,
        body: String,
        expected: &'static str,
    ) -> io::Result<Self> {
        let folder = TempDir::new()?;
        let cases = Cases::read(&paths::own("cases/http-authz.json"))?;
        let settings: serde_json::Value = serde_json::from_str(cases.settings.get())?;
        let config = json!({ "policies": { "http-authz": { "settings": settings } } });
        fs::write(folder.path().join("config.json"), config.to_string())?;
        let policies = fs::read_to_string(paths::own("peers/policies/rbac.cedar"))?;
        fs::write(folder.path().join("policies.json"), cedar_policies(&policies).to_string())?;
        fs::copy(paths::own("peers/policies/rbac_entities.json"), folder.path().join("data.json"))?;
        Ok(Self { kind, program, folder, path, body, expected })
    }

    fn command(&self, port: u16) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(self.folder.path());
        let address = format!("127.0.0.1:{port}");
        let port = port.to_string();
        match self.kind {
            Kind::Ours => command.args(["serve", "--listen", &address, "--config", "config.json"]),
            Kind::Bare | Kind::Go => command.arg(address),
            Kind::CedarAgent => command
                .args(["--addr", "127.0.0.1", "--port", &port, "--log-level", "warn"])
                .args(["--data", "data.json", "--policies", "policies.json"]),
        };
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Starts it, and asks until it answers.
    pub(crate) fn start(&self) -> io::Result<Running> {
        let port = free_port()?;
        let url = format!("http://127.0.0.1:{port}{}", self.path);
        let agent = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).build();
        let agent = agent.new_agent();
        let mut command = self.command(port);
        let start = Instant::now();
        let mut running = Running { child: command.spawn()?, url, took: Duration::ZERO };
        loop {
            let request = agent.post(&running.url).content_type("application/json");
            let told = match request.send(&self.body) {
                Ok(mut answer) => answer.body_mut().read_to_string().map_err(io::Error::other)?,
                Err(error) => error.to_string(),
            };
            running.took = start.elapsed();
            if told.contains(self.expected) {
                return Ok(running);
            }
            let ended = running.child.try_wait()?;
            if running.took > PATIENCE || ended.is_some() {
                let name = self.kind.name();
                return Err(io::Error::other(format!("{name} does not answer: {told} {ended:?}")));
            }
            thread::sleep(Duration::from_micros(100));
        }
    }

    /// The request as a script for `wrk`.
    pub(crate) fn script(&self) -> io::Result<PathBuf> {
        let file = self.folder.path().join("post.lua");
        let mut script = fs::File::create(&file)?;
        writeln!(script, "wrk.method = \"POST\"\nwrk.body = [[{}]]", self.body)?;
        writeln!(script, "wrk.headers[\"Content-Type\"] = \"application/json\"")?;
        Ok(file)
    }
}

/// cedar-agent takes a list of policies, each with a name.
fn cedar_policies(text: &str) -> serde_json::Value {
    let policies = text.split_inclusive(";\n").map(str::trim).filter(|policy| !policy.is_empty());
    policies
        .enumerate()
        .map(|(index, content)| json!({ "id": format!("policy{index}"), "content": content }))
        .collect()
}

impl Running {
    /// The sum of the series of a metric of the engine.
    pub(crate) fn metric(&self, name: &str) -> io::Result<f64> {
        let (origin, _) = self.url.split_once("/v1/").unwrap_or((&self.url, ""));
        let agent = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).build();
        let request = agent.new_agent().get(format!("{origin}/metrics"));
        let mut answer = request.call().map_err(io::Error::other)?;
        let text = answer.body_mut().read_to_string().map_err(io::Error::other)?;
        let series = text.lines().filter(|line| line.starts_with(name));
        Ok(series.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum())
    }

    /// A figure of `/proc/PID/status`, in megabytes: `VmRSS` now, `VmHWM` at most so far.
    pub(crate) fn megabytes(&self, name: &str) -> io::Result<f64> {
        tools::megabytes(self.child.id(), name)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
