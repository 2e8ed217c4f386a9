//! One request, and one answer.

use std::io::{self, ErrorKind};
use std::time::{Duration, SystemTime};

use oci_spec::image::Digest;
use ureq::Agent;
use ureq::http::header::{AUTHORIZATION, DATE, EXPECT, HeaderName, LOCATION, RETRY_AFTER};
use ureq::http::{self, HeaderMap, Method};
use ureq::tls::TlsConfig;

use super::error::{AttemptError, RegistryProblem, TransientError};
use super::location::resolve;
use super::quote::quoted;
use super::redirect::public_part;
use super::secret::Secret;

/// No manifest is larger: the specification has registries refuse more.
pub(super) const LARGEST_DOCUMENT: u64 = 4 << 20;

const CONNECT: Duration = Duration::from_secs(30);
/// How long nothing may come or go: registries take a while to check what is uploaded.
const STALL: Duration = Duration::from_mins(2);
/// How long an answer may take in all: one that comes byte by byte never stalls.
const LONGEST_ANSWER: Duration = Duration::from_mins(30);
/// How long a registry on this machine has to say whether it speaks HTTP.
const PING: Duration = Duration::from_secs(10);
/// More than goes on its way before an answer can come.
const LARGE_BODY: usize = 512 << 10;

/// What is asked for, with what it is called where it goes wrong.
#[derive(Clone)]
pub(super) struct RegistryRequest<'a> {
    pub(super) what: &'static str,
    pub(super) method: Method,
    pub(super) url: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: &'a [u8],
    /// How many bytes of an answer are read at most.
    pub(super) limit: u64,
    /// Whether its body is for one server alone.
    pub(super) is_secret: bool,
}

impl RegistryRequest<'static> {
    pub(super) fn new(what: &'static str, method: Method, url: String) -> Self {
        Self {
            what,
            method,
            url,
            headers: Vec::new(),
            body: &[],
            limit: LARGEST_DOCUMENT,
            is_secret: false,
        }
    }
}

pub(super) struct RegistryResponse {
    /// Where it comes from, which may be elsewhere than what was asked.
    pub(super) url: String,
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl RegistryResponse {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The media type of the body, without parameters and in lower case; empty where there is none.
    pub(super) fn media_type(&self) -> String {
        let media_type = self.header("content-type").unwrap_or_default();
        media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// The SHA-256 digest that the registry tells of what this is about.
    pub(super) fn digest(&self) -> Option<&str> {
        self.header("docker-content-digest").map(str::trim).filter(|it| it.starts_with("sha256:"))
    }

    /// Checks that the registry calls what it took by the digest that it has, where it tells.
    pub(super) fn check_digest(&self, expected: &Digest) -> Result<(), RegistryProblem> {
        match self.digest() {
            Some(found) if found != expected.as_ref() => {
                let found = format!("the digest{}", quoted(found));
                Err(RegistryProblem::Mismatch { expected: expected.to_string(), found })
            }
            _ => Ok(()),
        }
    }

    /// The address that its `Location` gives.
    pub(super) fn location(&self, what: &'static str) -> Result<String, RegistryProblem> {
        match self.headers.get(LOCATION) {
            Some(location) => {
                self.resolved(what, &LOCATION, &String::from_utf8_lossy(location.as_bytes()))
            }
            None => {
                Err(RegistryProblem::Unexpected { what, found: "without a `Location`".to_owned() })
            }
        }
    }

    /// The address that a reference in a header gives.
    pub(super) fn resolved(
        &self,
        what: &'static str,
        header: &HeaderName,
        reference: &str,
    ) -> Result<String, RegistryProblem> {
        resolve(&self.url, reference.trim()).ok_or_else(|| {
            let name = if *header == LOCATION { "Location" } else { "Link" };
            let shown = quoted(&public_part(reference));
            RegistryProblem::Unexpected { what, found: format!("with the `{name}`{shown}") }
        })
    }

    pub(super) fn transient(&self, what: &'static str) -> AttemptError {
        let after = retry_after(&self.headers, SystemTime::now());
        AttemptError::Transient(TransientError::Status {
            what,
            status: self.status,
            said: self.said(),
            after,
        })
    }

    /// What the registry says of an error, in brackets; or nothing.
    pub(super) fn said(&self) -> String {
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

/// How long a server asks to be left alone: in seconds, or until a time by its own clock where it
/// tells that, by this machine's otherwise (RFC 9110, 10.2.3).
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.parse().map_or(Duration::MAX, Duration::from_secs));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let date = headers.get(DATE).and_then(|it| it.to_str().ok());
    let now = date.and_then(|it| httpdate::parse_http_date(it).ok()).unwrap_or(now);
    Some(until.duration_since(now).unwrap_or_default())
}

pub(super) fn agent(tls: Option<&TlsConfig>, https_only: bool, is_loopback: bool) -> Agent {
    let mut config = Agent::config_builder()
        .user_agent(concat!("policy-builder/", env!("CARGO_PKG_VERSION")))
        .http_status_as_error(false)
        .https_only(https_only)
        // They are followed by `redirect`, which knows what may go where.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_resolve(Some(CONNECT))
        .timeout_connect(Some(CONNECT))
        .timeout_per_read(Some(STALL))
        .timeout_per_write(Some(STALL))
        .timeout_recv_response(Some(LONGEST_ANSWER))
        .timeout_recv_body(Some(LONGEST_ANSWER));
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
    let ping = agent.get(format!("{base}/v2/")).config().timeout_global(Some(PING)).build().call();
    // A server that wants TLS says so with 400, or sends on to it; one that is not there yet is
    // asked by plain HTTP.
    !ping.is_ok_and(|answer| match answer.status().as_u16() {
        300..=399 => answer.headers().get(LOCATION).is_some_and(|it| {
            it.as_bytes().get(..6).is_some_and(|it| it.eq_ignore_ascii_case(b"https:"))
        }),
        status => status == 400,
    })
}

/// Sends a request to an address and reads the whole answer.
///
/// Before a large body the server is asked whether it wants it (RFC 9110, 10.1.1): one that refuses
/// it, or sends it on, may close the connection, and its answer would be lost.
pub(super) fn exchange(
    agent: &Agent,
    request: &RegistryRequest<'_>,
    url: &str,
    authorization: Option<&Secret>,
) -> Result<RegistryResponse, AttemptError> {
    let asks_first = request.body.len() >= LARGE_BODY;
    let answer = attempt(agent, request, url, authorization, asks_first)?;
    if asks_first && answer.status == 417 {
        // It does not know the question.
        return attempt(agent, request, url, authorization, false);
    }
    Ok(answer)
}

fn attempt(
    agent: &Agent,
    request: &RegistryRequest<'_>,
    url: &str,
    authorization: Option<&Secret>,
    asks_first: bool,
) -> Result<RegistryResponse, AttemptError> {
    // The library would panic. An agent lacks TLS where this machine does.
    let has_tls = agent.config().tls_config().unversioned_rustls_crypto_provider().is_some();
    if url.starts_with("https:") && !has_tls {
        policy_tls::provider().map_err(RegistryProblem::from)?;
    }
    let mut message = http::Request::builder().method(&request.method).uri(url);
    for (name, value) in &request.headers {
        message = message.header(*name, value);
    }
    if let Some(authorization) = authorization {
        message = message.header(AUTHORIZATION, authorization.reveal());
    }
    if asks_first {
        message = message.header(EXPECT, "100-continue");
    }
    let has_body = matches!(request.method, Method::POST | Method::PUT | Method::PATCH);
    let sent = if has_body {
        message.body(request.body).map_err(ureq::Error::Http).and_then(|it| agent.run(it))
    } else {
        message.body(()).map_err(ureq::Error::Http).and_then(|it| agent.run(it))
    };
    let answer = sent.map_err(|error| failed(url, error))?;
    let (parts, mut body) = answer.into_parts();
    let limit = if parts.status.is_success() { request.limit } else { LARGEST_DOCUMENT };
    // The library wants one more than there may be.
    let body = match body.with_config().limit(limit.saturating_add(1)).read_to_vec() {
        Ok(body) => body,
        Err(ureq::Error::BodyExceedsLimit(_)) => {
            let found = format!("with more than {limit} bytes");
            return Err(RegistryProblem::Unexpected { what: request.what, found }.into());
        }
        Err(error) => return Err(failed(url, error)),
    };
    let (url, status) = (url.to_owned(), parts.status.as_u16());
    Ok(RegistryResponse { url, status, headers: parts.headers, body })
}

/// What an error of the library comes to.
fn failed(url: &str, error: ureq::Error) -> AttemptError {
    let host = url.split('/').nth(2).unwrap_or(url).to_owned();
    let network = |reason: String| {
        AttemptError::Transient(TransientError::Network { host: host.clone(), reason })
    };
    match error {
        ureq::Error::HostNotFound => RegistryProblem::UnknownHost(host).into(),
        ureq::Error::Timeout(_) => network("it has not answered in time".to_owned()),
        ureq::Error::Rustls(error) => {
            RegistryProblem::Tls { host, reason: error.to_string() }.into()
        }
        ureq::Error::Io(error) => {
            match error.get_ref().and_then(|it| it.downcast_ref::<rustls::Error>()) {
                Some(error) => RegistryProblem::Tls { host, reason: error.to_string() }.into(),
                None if is_unknown_host(&error) => RegistryProblem::UnknownHost(host).into(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_a_server_asks_to_be_left_alone_is_read_in_both_forms() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        let after = |headers: &[(HeaderName, &'static str)]| {
            let all = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap()));
            retry_after(&all.collect(), now).map(|it| it.as_secs())
        };
        for (text, expected) in [
            ("7", Some(7)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Sun, 06 Nov 1994 08:49:40 GMT", Some(3)),
            ("Sunday, 06-Nov-94 08:49:40 GMT", Some(3)),
            ("Sun Nov  6 08:49:40 1994", Some(3)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("-1", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(after(&[(RETRY_AFTER, text)]), expected, "{text}");
        }
        // The server's own clock may be wrong, and what it says is by that.
        let until = (RETRY_AFTER, "Fri, 01 Jan 2100 00:00:09 GMT");
        assert_eq!(after(&[until, (DATE, "Fri, 01 Jan 2100 00:00:04 GMT")]), Some(5));
        assert_eq!(after(&[]), None);
    }
}
