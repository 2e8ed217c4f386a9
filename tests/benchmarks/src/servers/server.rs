//! A server to measure: its program, its files, and its request.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use policy_benchmarks::Cases;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::kind::Kind;
use super::running::{self, PATIENCE, Running, free_port};
use crate::paths;

/// A server to measure.
pub(crate) struct Server {
    pub(crate) kind: Kind,
    program: PathBuf,
    /// The folder with the files of every server.
    folder: TempDir,
    /// The requests for decisions on the cases, and whether these are allowed.
    requests: Vec<(String, bool)>,
}

impl Server {
    /// The engine, as a client of OPA asks it.
    pub(crate) fn ours(program: PathBuf) -> io::Result<Self> {
        Self::new(Kind::Ours, program)
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

    /// The same with a shadow of its own version and settings, which is asked everything.
    pub(crate) fn ours_with_shadow(program: PathBuf) -> io::Result<Self> {
        let settings: Value = serde_json::from_str(cases()?.settings.get())?;
        let shadow = json!({ "policy": "http-authz", "settings": settings, "sample": "100%" });
        let policy = json!({ "settings": settings, "shadow": shadow });
        Self::ours(program)?.with_setting("policies", json!({ "http-authz": policy }))
    }

    fn with_setting(self, name: &str, value: Value) -> io::Result<Self> {
        let file = self.file("config.json");
        let mut config: Value = serde_json::from_slice(&fs::read(&file)?)?;
        if let Some(settings) = config.as_object_mut() {
            settings.insert(name.to_owned(), value);
        }
        fs::write(file, config.to_string())?;
        Ok(self)
    }

    pub(super) fn new(kind: Kind, program: PathBuf) -> io::Result<Self> {
        let folder = TempDir::new()?;
        let cases = cases()?;
        let settings: Value = serde_json::from_str(cases.settings.get())?;
        fs::write(folder.path().join("settings.json"), settings.to_string())?;
        let config = json!({ "policies": { "http-authz": { "settings": settings } } });
        fs::write(folder.path().join("config.json"), config.to_string())?;
        let policies = fs::read_to_string(paths::own("peers/policies/rbac.cedar"))?;
        fs::write(folder.path().join("policies.json"), cedar_policies(&policies).to_string())?;
        fs::copy(paths::own("peers/policies/rbac_entities.json"), folder.path().join("data.json"))?;
        let requests = cases
            .cases
            .iter()
            .map(|case| Ok((kind.body(case.input.get())?.to_string(), case.allowed)));
        let requests = requests.collect::<io::Result<_>>()?;
        Ok(Self { kind, program, folder, requests })
    }

    /// A file of the server's.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The request that it is asked under load: the first case, which is allowed.
    pub(crate) fn body(&self) -> &str {
        self.requests.first().map_or("", |(body, _)| body)
    }

    /// Starts it, and asks until it answers.
    pub(crate) fn start(&self) -> io::Result<Running> {
        let port = free_port()?;
        let url = format!("http://127.0.0.1:{port}{}", self.kind.path());
        let agent = running::agent();
        let mut command = self.command(port);
        let start = Instant::now();
        let mut running = Running::new(command.spawn()?, url);
        loop {
            let told = running.ask(&agent, self.body());
            let took = start.elapsed();
            if told.as_ref().is_ok_and(|told| self.kind.verdict(told).is_some()) {
                running.took = took;
                return Ok(running);
            }
            let ended = running.ended()?;
            if took > PATIENCE || ended.is_some() {
                let name = self.kind.name();
                return Err(io::Error::other(format!(
                    "{name} does not answer: {told:?} {ended:?}"
                )));
            }
            thread::sleep(Duration::from_micros(100));
        }
    }

    /// Makes sure that it gives every case's verdict; bare hyper gives that of the first one.
    pub(super) fn check(&self) -> io::Result<()> {
        let (running, agent) = (self.start()?, running::agent());
        let count = if self.kind == Kind::Bare { 1 } else { self.requests.len() };
        for (body, allowed) in self.requests.iter().take(count) {
            let told = running.ask(&agent, body)?;
            if self.kind.verdict(&told) != Some(*allowed) {
                let name = self.kind.name();
                return Err(io::Error::other(format!(
                    "{name} decides otherwise on {body}: {told}, expected allowed: {allowed}"
                )));
            }
        }
        Ok(())
    }

    fn command(&self, port: u16) -> Command {
        let folder: &Path = self.folder.path();
        let mut command = Command::new(&self.program);
        self.kind.arguments(command.current_dir(folder), folder, port);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

fn cases() -> io::Result<Cases> {
    Cases::read(&paths::own("cases/http-authz.json"))
}

/// cedar-agent takes a list of policies, each with a name.
fn cedar_policies(text: &str) -> Value {
    let policies = text.split_inclusive(";\n").map(str::trim).filter(|policy| !policy.is_empty());
    policies
        .enumerate()
        .map(|(index, content)| json!({ "id": format!("policy{index}"), "content": content }))
        .collect()
}
