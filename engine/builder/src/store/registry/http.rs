//! One request, and one answer.

use std::io::{self, ErrorKind};
use std::time::Duration;

use ureq::Agent;
use ureq::http::header::{AUTHORIZATION, RETRY_AFTER};
use ureq::http::{self, HeaderMap, Method};
use ureq::tls::TlsConfig;

use super::error::{Failed, Problem, Transient};
use super::secret::Secret;

/// No manifest is larger: the specification has registries refuse more.
pub(super) const LARGEST_DOCUMENT: u64 = 4 << 20;

const CONNECT: Duration = Duration::from_secs(30);
/// How long nothing may come or go: registries take a while to check what is uploaded.
const STALL: Duration = Duration::from_mins(2);
const LONGEST_QUOTE: usize = 300;

/// What is asked for, with what it is called where it goes wrong.
#[derive(Clone)]
pub(super) struct Request<'a> {
    pub(super) what: &'static str,
    pub(super) method: Method,
    pub(super) url: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: &'a [u8],
    /// How many bytes of an answer are read at most.
    pub(super) limit: u64,
}

impl Request<'static> {
    pub(super) fn new(what: &'static str, method: Method, url: String) -> Self {
        Self { what, method, url, headers: Vec::new(), body: &[], limit: LARGEST_DOCUMENT }
    }
}

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// An answer that is none of those that were expected.
    pub(super) fn unexpected(&self, what: &'static str) -> Problem {
        Problem::Status { what, status: self.status, said: self.said() }
    }

    pub(super) fn transient(&self, what: &'static str) -> Failed {
        let after = self.headers.get(RETRY_AFTER).and_then(|it| it.to_str().ok()?.parse().ok());
        let after = after.map(Duration::from_secs);
        Failed::Transient(Transient::Status { what, status: self.status, said: self.said(), after })
    }

    /// What the registry says of an error, in brackets; or nothing.
    fn said(&self) -> String {
        #[derive(serde::Deserialize)]
        struct Errors {
            errors: Vec<Error>,
        }
        #[derive(serde::Deserialize)]
        #[serde(default)]
        #[derive(Default)]
        struct Error {
            code: String,
            message: String,
        }
        let errors = serde_json::from_slice::<Errors>(&self.body).map(|it| it.errors);
        let errors = errors.unwrap_or_default().into_iter();
        let said: Vec<_> = errors
            .map(|Error { code, message }| if message.is_empty() { code } else { message })
            .collect();
        quoted(&said.join(", "))
    }
}

/// What a stranger says, on one line and not too long, in brackets; or nothing.
pub(super) fn quoted(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char })
        .take(LONGEST_QUOTE)
        .collect();
    let text = text.trim();
    if text.is_empty() { String::new() } else { format!(" (`{text}`)") }
}

pub(super) fn agent(tls: Option<&TlsConfig>, https_only: bool, is_loopback: bool) -> Agent {
    let mut config = Agent::config_builder()
        .user_agent(concat!("policy-builder/", env!("CARGO_PKG_VERSION")))
        .http_status_as_error(false)
        .https_only(https_only)
        .max_redirects_will_error(false)
        .timeout_resolve(Some(CONNECT))
        .timeout_connect(Some(CONNECT))
        .timeout_per_read(Some(STALL))
        .timeout_per_write(Some(STALL));
    if let Some(tls) = tls {
        config = config.tls_config(tls.clone());
    }
    if is_loopback {
        // A proxy would look for it on its own machine.
        config = config.proxy(None);
    }
    config.build().new_agent()
}

/// Whether a registry on this machine answers without TLS; where it does not, TLS tells the rest.
pub(super) fn speaks_http(agent: &Agent, base: &str) -> bool {
    let ping = agent.get(format!("{base}/v2/")).call();
    // A server that wants TLS says so with 400; one that is not there yet is asked by plain HTTP.
    !ping.is_ok_and(|answer| matches!(answer.status().as_u16(), 300..=400))
}

/// Sends a request and reads the whole answer.
pub(super) fn exchange(
    agent: &Agent,
    request: &Request<'_>,
    authorization: Option<&Secret>,
) -> Result<Answer, Failed> {
    let url = request.url.as_str();
    // The library would panic.
    let has_tls = agent.config().tls_config().unversioned_rustls_crypto_provider().is_some();
    if url.starts_with("https:") && !has_tls {
        return Err(Problem::NoTls.into());
    }
    let mut message = http::Request::builder().method(&request.method).uri(url);
    for (name, value) in &request.headers {
        message = message.header(*name, value);
    }
    if let Some(authorization) = authorization {
        message = message.header(AUTHORIZATION, authorization.reveal());
    }
    let has_body = matches!(request.method, Method::POST | Method::PUT | Method::PATCH);
    // Where a blob is kept elsewhere, that it is kept is all that is asked with `HEAD`.
    let redirects = if request.method == Method::GET && has_tls { 5 } else { 0 };
    let sent = if has_body {
        message.body(request.body).map_err(ureq::Error::Http).and_then(|message| {
            agent.run(agent.configure_request(message).max_redirects(redirects).build())
        })
    } else {
        message.body(()).map_err(ureq::Error::Http).and_then(|message| {
            agent.run(agent.configure_request(message).max_redirects(redirects).build())
        })
    };
    let answer = sent.map_err(|error| failed(url, error))?;
    let (parts, mut body) = answer.into_parts();
    let limit = if parts.status.is_success() { request.limit } else { LARGEST_DOCUMENT };
    // The library wants one more than there may be.
    let body = match body.with_config().limit(limit.saturating_add(1)).read_to_vec() {
        Ok(body) => body,
        Err(ureq::Error::BodyExceedsLimit(_)) => {
            let found = format!("with more than {limit} bytes");
            return Err(Problem::Unexpected { what: request.what, found }.into());
        }
        Err(error) => return Err(failed(url, error)),
    };
    Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
}

/// What an error of the library comes to.
fn failed(url: &str, error: ureq::Error) -> Failed {
    let host = url.split('/').nth(2).unwrap_or(url).to_owned();
    let network =
        |reason: String| Failed::Transient(Transient::Network { host: host.clone(), reason });
    match error {
        ureq::Error::HostNotFound => Problem::UnknownHost(host).into(),
        ureq::Error::Timeout(_) => network("it has not answered in time".to_owned()),
        ureq::Error::Rustls(error) => Problem::Tls { host, reason: error.to_string() }.into(),
        ureq::Error::Io(error) => {
            match error.get_ref().and_then(|it| it.downcast_ref::<rustls::Error>()) {
                Some(error) => Problem::Tls { host, reason: error.to_string() }.into(),
                None if is_unknown_host(&error) => Problem::UnknownHost(host).into(),
                None => network(in_words(&error)),
            }
        }
        error => network(error.to_string()),
    }
}

/// Whether name servers know no such host, in the words of glibc or musl: there is no kind for it.
/// Where they did not answer, another attempt may help.
fn is_unknown_host(error: &io::Error) -> bool {
    let text = error.to_string();
    ["Name or service not known", "Name does not resolve", "No address associated with hostname"]
        .iter()
        .any(|known| text.contains(known))
}

/// Without the number that the system has for it.
fn in_words(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::UnexpectedEof => "the connection was cut".to_owned(),
        kind @ (ErrorKind::BrokenPipe
        | ErrorKind::ConnectionAborted
        | ErrorKind::ConnectionRefused
        | ErrorKind::ConnectionReset
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::TimedOut) => kind.to_string(),
        _ => error.to_string(),
    }
}
