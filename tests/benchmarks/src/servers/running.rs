//! A server that runs.

use std::io;
use std::net::TcpListener;
use std::process::{Child, ExitStatus};
use std::time::Duration;

use crate::process;

/// Longer than any of them takes to start.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// One that runs; it is ended with this.
pub(crate) struct Running {
    child: Child,
    pub(crate) url: String,
    /// From its start to its first answer.
    pub(crate) took: Duration,
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

pub(super) fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).build().new_agent()
}

impl Running {
    pub(super) fn new(child: Child, url: String) -> Self {
        Self { child, url, took: Duration::ZERO }
    }

    /// Asks for a decision.
    pub(super) fn ask(&self, agent: &ureq::Agent, body: &str) -> io::Result<String> {
        let request = agent.post(&self.url).content_type("application/json");
        let mut answer = request.send(body).map_err(io::Error::other)?;
        answer.body_mut().read_to_string().map_err(io::Error::other)
    }

    /// How it ended, if it did.
    pub(super) fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// The sum of the series of a metric of the engine.
    pub(crate) fn metric(&self, name: &str) -> io::Result<f64> {
        let (origin, _) = self.url.split_once("/v1/").unwrap_or((&self.url, ""));
        let request = agent().get(format!("{origin}/metrics"));
        let mut answer = request.call().map_err(io::Error::other)?;
        let text = answer.body_mut().read_to_string().map_err(io::Error::other)?;
        let series = text.lines().filter(|line| line.starts_with(name));
        Ok(series.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum())
    }

    /// Its process, for [`process`].
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// A figure of `/proc/PID/status`, in megabytes.
    pub(crate) fn megabytes(&self, name: &str) -> io::Result<f64> {
        process::megabytes(self.id(), name)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
