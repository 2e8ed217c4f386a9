//! From saving a policy to its decisions being served, with `policy-builder watch`.

use std::io;
use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::edits::{self, Policies};
use crate::programs;
use crate::results::{Goal, Row};
use crate::rounds::median;
use crate::setup::Setup;

/// Longer than the first build takes.
const PATIENCE: Duration = Duration::from_mins(10);

/// Ended with its engine. Not by an interrupt, which whatever a script starts in the background ignores.
struct Watching(Child);

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = crate::tools::output(
            std::process::Command::new("kill").args(["-TERM", &self.0.id().to_string()]),
        );
        let _ = self.0.wait();
    }
}

pub(crate) fn measure(setup: &Setup) -> io::Result<Vec<Row>> {
    let mut policies = Policies::copy()?;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut command = programs::builder(setup.effort, "watch", &policies.path(), &setup.work)?;
    command.args(["--", "--listen", &format!("127.0.0.1:{port}")]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut watching = Watching(command.spawn()?);
    let url = format!("http://127.0.0.1:{port}/v1/data/http-authz");
    // Without settings no role counts.
    wait_for(&mut watching.0, &url, "allowed")?;
    let mut times = Vec::new();
    for _ in 0..setup.of(7, 1) {
        // As somebody who thinks between two saves.
        thread::sleep(Duration::from_secs(1));
        let start = Instant::now();
        let words = policies.edit(&edits::SMALL)?;
        wait_for(&mut watching.0, &url, &words)?;
        times.push(start.elapsed().as_secs_f64());
    }
    let what = "`http-authz` edited, to its decisions served by `watch`";
    Ok(vec![Row::alone(what, median(&times), "s", Goal::AtMost(1.0))])
}

/// Asks until an answer has these words.
fn wait_for(watching: &mut Child, url: &str, words: &str) -> io::Result<()> {
    let agent = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).build().new_agent();
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        let body = r#"{"input":{"method":"GET","path":"/","roles":[]}}"#;
        let request = agent.post(url).content_type("application/json");
        if let Ok(mut answer) = request.send(body)
            && answer.body_mut().read_to_string().is_ok_and(|body| body.contains(words))
        {
            return Ok(());
        }
        if let Some(status) = watching.try_wait()? {
            return Err(io::Error::other(format!("`watch` ended with {status}")));
        }
        thread::sleep(Duration::from_millis(10));
    }
    Err(io::Error::other(format!("`watch` never served `{words}`")))
}
