use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use hyper::{Method, StatusCode};
use policy_api::Verdict;
use semver::Version;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::connection::Connection;
use super::launched::Launched;
use super::{Against, Ask, Asked, Program, Question, ServeOptions, Target};
use crate::config::Mode;
use crate::confinement::Zone;
use crate::policies::PoliciesByPath;
use crate::replay::ReplayError;

/// Another program, which serves on a Unix socket while it is asked.
pub(crate) struct OtherProgram {
    name: String,
    policies: PoliciesByPath<Target>,
    socket: PathBuf,
    _launched: Launched,
}

/// The body of `GET /v1/policies`.
#[derive(Deserialize)]
struct Listed {
    result: Vec<ListedPolicy>,
}

#[derive(Deserialize)]
struct ListedPolicy {
    id: String,
    /// Missing where it is configured, but not served.
    version: Option<String>,
    mode: Option<String>,
    error: Option<String>,
}

/// The body of an answer of the Data API.
#[derive(Deserialize)]
struct DataAnswer<'a> {
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
    #[serde(default)]
    metrics: Metrics,
    #[serde(default)]
    warning: Option<Warning>,
}

#[derive(Default, Deserialize)]
struct Metrics {
    #[serde(default)]
    timer_rego_query_eval_ns: Option<u64>,
}

#[derive(Deserialize)]
struct Warning {
    code: String,
}

#[derive(Deserialize)]
struct Problem {
    message: String,
}

/// The code of the warning beside a denial that is answered as allowed.
const MONITOR: &str = "monitor";

impl OtherProgram {
    /// Starts a program as a server, and asks what it serves.
    ///
    /// # Errors
    /// Where it does not serve.
    pub(crate) fn start(
        name: &str,
        against: &Against,
        options: &ServeOptions,
    ) -> Result<Self, ReplayError> {
        let error = |problem| ReplayError::Against { program: name.to_owned(), problem };
        let launched = Launched::start(against, options).map_err(error)?;
        let socket = launched.socket();
        let listed = Connection::open(&socket)
            .and_then(|mut connection| connection.send(Method::GET, "/v1/policies", "", Vec::new()))
            .and_then(|(_, body)| serde_json::from_slice::<Listed>(&body).map_err(io::Error::other))
            .map_err(|problem| error(problem.to_string()))?;
        let (mut targets, mut skipped) = (Vec::new(), BTreeMap::new());
        for ListedPolicy { id, version, mode, error } in listed.result {
            match version.and_then(|version| version.parse::<Version>().ok()) {
                Some(version) => targets.push(Target {
                    index: targets.len(),
                    id,
                    version_text: version.to_string(),
                    version,
                    mode: if mode.as_deref() == Some(Mode::Monitor.name()) {
                        Mode::Monitor
                    } else {
                        Mode::Enforce
                    },
                    timeout: Duration::ZERO,
                }),
                None => {
                    skipped.insert(id, error.unwrap_or_default());
                }
            }
        }
        let policies = PoliciesByPath::new(targets, skipped);
        Ok(Self { name: name.to_owned(), policies, socket, _launched: launched })
    }

    fn error(&self, problem: &io::Error) -> ReplayError {
        ReplayError::Against { program: self.name.clone(), problem: problem.to_string() }
    }
}

impl Program for OtherProgram {
    /// It is asked through a socket.
    fn zone(&self) -> Zone {
        Zone::default()
    }

    fn policies(&self) -> &PoliciesByPath<Target> {
        &self.policies
    }

    fn asker(&self) -> Result<Box<dyn Ask + '_>, ReplayError> {
        let connection = Connection::open(&self.socket).map_err(|problem| self.error(&problem))?;
        Ok(Box::new(OtherAsker { program: self, connection }))
    }

    fn threads(&self, processors: usize) -> usize {
        // They wait most of the time.
        4 * processors
    }
}

struct OtherAsker<'p> {
    program: &'p OtherProgram,
    connection: Connection<'p>,
}

impl Ask for OtherAsker<'_> {
    fn ask(
        &mut self,
        target: &Target,
        question: &Question<'_>,
        output: &mut Vec<u8>,
    ) -> Result<Asked, ReplayError> {
        let path = format!("/v1/data/{}/{}?metrics=true", target.id, target.version_text);
        let body = [b"{\"input\":", question.input.as_bytes(), b"}"].concat();
        let (status, answer) = self
            .connection
            .send(Method::POST, &path, question.request_id, body)
            .map_err(|problem| self.program.error(&problem))?;
        let not_understood =
            |error: serde_json::Error| self.program.error(&io::Error::other(error));
        if status != StatusCode::OK {
            let problem: Problem = serde_json::from_slice(&answer).map_err(not_understood)?;
            return Ok(Asked { verdict: Err(problem.message), is_whole: false, elapsed: None });
        }
        let answer: DataAnswer<'_> = serde_json::from_slice(&answer).map_err(not_understood)?;
        output.extend_from_slice(answer.result.map_or("", RawValue::get).as_bytes());
        // Where it is monitored, the denial was rewritten for the client.
        let monitored = answer.warning.is_some_and(|warning| warning.code == MONITOR);
        let verdict = if monitored { Some(Verdict::Denied) } else { Verdict::from_output(output) };
        Ok(Asked {
            verdict: Ok(verdict),
            is_whole: !monitored,
            elapsed: answer.metrics.timer_rego_query_eval_ns.map(Duration::from_nanos),
        })
    }
}
