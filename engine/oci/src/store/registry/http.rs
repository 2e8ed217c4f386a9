//! One request, and one answer.

use std::io::{self, ErrorKind};
use std::time::{Duration, SystemTime};

use oci_spec::image::Digest;
use ureq::Agent;
use ureq::http::header::{AUTHORIZATION, DATE, EXPECT, HeaderName, LOCATION, RETRY_AFTER};
use ureq::http::{self, HeaderMap, Method};
use ureq::tls::TlsConfig;

use super::error::{AttemptError, RegistryProblem, TransientError};
use super::location::{public_part, resolve};
use super::quote::quoted;
use super::secret::Secret;

/// No manifest is larger: the specification has registries refuse more.
pub(super) const MAX_DOCUMENT: u64 = 4 << 20;

const CONNECT: Duration = Duration::from_secs(30);
/// The longest pause in a transfer. Registries take a while to check uploads.
const STALL: Duration = Duration::from_mins(2);
/// The longest time of an answer. One that comes byte by byte never pauses.
const MAX_ANSWER: Duration = Duration::from_mins(30);
/// The time in which a registry on this machine has to answer plain HTTP.
const PING: Duration = Duration::from_secs(10);
/// More than goes on its way before an answer can come.
const LARGE_BODY: usize = 512 << 10;

/// A request, with its name for error messages.
#[derive(Clone)]
pub(super) struct RegistryRequest<'a> {
    pub(super) what: &'static str,
    pub(super) method: Method,
    pub(super) url: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: &'a [u8],
    /// The largest answer, in bytes.
    pub(super) limit: u64,
    /// The body must not be sent on to another server.
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
            limit: MAX_DOCUMENT,
            is_secret: false,
        }
    }
}

pub(super) struct RegistryResponse {
    /// The URL that answered, which redirects may have changed.
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
        self.header("docker-content-digest")
            .map(str::trim)
            .filter(|digest| digest.starts_with("sha256:"))
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

    /// The error message of the registry, in brackets; empty where there is none.
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
        let errors = serde_json::from_slice::<Errors>(&self.body).map(|document| document.errors);
        let errors = errors.unwrap_or_default().into_iter();
        let said: Vec<_> = errors
            .map(|Error { code, message }| if message.is_empty() { code } else { message })
            .collect();
        quoted(&said.join(", "))
    }
}

/// The pause that a server asks for: in seconds, or until a time by its own clock where it sends
/// that, else by this machine's (RFC 9110, 10.2.3).
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.parse().map_or(Duration::MAX, Duration::from_secs));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let date = headers.get(DATE).and_then(|value| value.to_str().ok());
    let now = date.and_then(|text| httpdate::parse_http_date(text).ok()).unwrap_or(now);
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
        .timeout_recv_response(Some(MAX_ANSWER))
        .timeout_recv_body(Some(MAX_ANSWER));
    if let Some(tls) = tls {
        config = config.tls_config(tls.clone());
    }
    if is_loopback {
        // A proxy would look for it on its own machine.
        config = config.proxy(None);
    }
    config.build().new_agent()
}

/// Returns whether a registry on this machine answers without TLS. Where it does not, TLS is tried.
pub(super) fn speaks_http(agent: &Agent, base: &str) -> bool {
    let ping = agent.get(format!("{base}/v2/")).config().timeout_global(Some(PING)).build().call();
    // A server that wants TLS says so with 400, or sends on to it; one that is not there yet is
    // asked by plain HTTP.
    !ping.is_ok_and(|answer| match answer.status().as_u16() {
        300..=399 => answer.headers().get(LOCATION).is_some_and(|location| {
            let scheme = location.as_bytes().get(..6);
            scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"https:"))
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
        message.body(request.body).map_err(ureq::Error::Http).and_then(|message| agent.run(message))
    } else {
        message.body(()).map_err(ureq::Error::Http).and_then(|message| agent.run(message))
    };
    let answer = sent.map_err(|error| failed(url, error))?;
    let (parts, mut body) = answer.into_parts();
    let limit = if parts.status.is_success() { request.limit } else { MAX_DOCUMENT };
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

/// Converts an error of the library.
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
            match error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>()) {
                Some(error) => RegistryProblem::Tls { host, reason: error.to_string() }.into(),
                None if is_unknown_host(&error) => RegistryProblem::UnknownHost(host).into(),
                None => network(describe_io_error(&error)),
            }
        }
        error => network(error.to_string()),
    }
}

/// Returns whether name servers do not know the host, by the words of glibc or musl, as there is no
/// kind for it. Where they did not answer, another attempt may help.
fn is_unknown_host(error: &io::Error) -> bool {
    let text = error.to_string();
    ["Name or service not known", "Name does not resolve", "No address associated with hostname"]
        .iter()
        .any(|known| text.contains(known))
}

/// Without the number that the system has for it.
fn describe_io_error(error: &io::Error) -> String {
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
    fn retry_after_is_seconds_or_a_date() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        let after = |headers: &[(HeaderName, &'static str)]| {
            let all = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap()));
            retry_after(&all.collect(), now).map(|pause| pause.as_secs())
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
