//! One repository's API, as the OCI distribution specification has it.
//!
//! A client of our own over a small HTTP library: `oci-client`, the one that there is, takes twice
//! as many crates as the rest of the builder, neither tries again nor resumes, keeps upload sessions to itself, and
//! does not write the referrers of registries without the API for them.

use std::cell::{OnceCell, RefCell};
use std::io::{self, ErrorKind};
use std::time::Duration;

use ureq::Agent;
use ureq::http::header::{AUTHORIZATION, RETRY_AFTER};
use ureq::http::{self, HeaderMap, Method};
use ureq::tls::TlsConfig;

use super::address::Repository;
use super::attempts::Attempts;
use super::challenge::{Challenge, Purpose};
use super::credentials::{self, Credentials, Found};
use super::error::{Failed, Problem, RegistryError, Transient};
use super::secret::Secret;
use super::{tls, token};
use crate::progress::Progress;

/// No manifest is larger: the specification has registries refuse more.
pub(super) const LARGEST_DOCUMENT: u64 = 4 << 20;

const CONNECT: Duration = Duration::from_secs(30);
/// How long nothing may come or go: registries take a while to check what is uploaded.
const STALL: Duration = Duration::from_mins(2);
const LONGEST_QUOTE: usize = 300;

/// How a registry is spoken to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Options {
    /// Without TLS, wherever the registry is.
    pub(crate) plain_http: bool,
}

pub(super) struct Client<'a> {
    pub(super) agent: Agent,
    /// `https://registry.example.com`
    base: String,
    pub(super) repository: Repository,
    pub(super) purpose: Purpose,
    /// Who asks: looked up when a registry wants to know.
    pub(super) found: OnceCell<Found>,
    authorization: RefCell<Option<Secret>>,
    pub(super) progress: &'a Progress,
}

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

impl<'a> Client<'a> {
    pub(super) fn new(
        repository: &Repository,
        purpose: Purpose,
        options: Options,
        progress: &'a Progress,
    ) -> Result<Self, RegistryError> {
        let is_loopback = repository.is_loopback();
        let authority = repository.authority();
        let fail = |problem| RegistryError::new(purpose, repository, problem);
        let tls = tls::config();
        // A plain registry may send elsewhere, for a token or a blob, where TLS is spoken.
        let plain = agent(tls.as_ref().ok(), false, is_loopback);
        let base = format!("http://{authority}");
        let is_plain = options.plain_http || is_loopback && speaks_http(&plain, &base);
        let (agent, base) = if is_plain {
            (plain, base)
        } else {
            (agent(Some(&tls.map_err(fail)?), true, is_loopback), format!("https://{authority}"))
        };
        let repository = repository.clone();
        let (found, authorization) = (OnceCell::new(), RefCell::default());
        Ok(Self { agent, base, repository, purpose, found, authorization, progress })
    }

    /// The address of something in the repository.
    pub(super) fn url(&self, rest: &str) -> String {
        format!("{}/v2/{}/{rest}", self.base, self.repository.path)
    }

    /// The address that an answer's `Location` gives.
    pub(super) fn location(&self, what: &'static str, answer: &Answer) -> Result<String, Problem> {
        let location = answer.header("location").unwrap_or_default();
        if location.starts_with('/') && !location.starts_with("//") {
            return Ok(format!("{}{location}", self.base));
        }
        // Credentials and images are not to leave by plain HTTP because a registry says so.
        let is_secure = location.starts_with("https://");
        if is_secure || location.starts_with("http://") && self.is_plain() {
            return Ok(location.to_owned());
        }
        let found = if location.is_empty() {
            "without a `Location`".to_owned()
        } else {
            format!("with the `Location`{}", quoted(location))
        };
        Err(Problem::Unexpected { what, found })
    }

    /// Asks until there is an answer, which may be a refusal.
    pub(super) fn send(&self, request: &Request<'_>) -> Result<Answer, RegistryError> {
        self.persist(|| self.once(request))
    }

    /// Does something again while it may go better the next time.
    pub(super) fn persist<T>(
        &self,
        mut attempt: impl FnMut() -> Result<T, Failed>,
    ) -> Result<T, RegistryError> {
        let mut attempts = Attempts::USUAL;
        let mut count = 0;
        loop {
            count += 1;
            let failed = match attempt() {
                Ok(done) => return Ok(done),
                Err(Failed::Permanent(problem)) => return Err(self.fail(*problem)),
                Err(Failed::Transient(failed)) => failed,
            };
            let Some(pause) = attempts.next(failed.after()) else {
                return Err(self.fail(failed.at_last(count)));
            };
            self.progress.line(&format!("note: {failed}; trying again in {pause:?}"));
            Attempts::wait(pause);
        }
    }

    pub(super) fn fail(&self, problem: Problem) -> RegistryError {
        RegistryError::new(self.purpose, &self.repository, problem)
    }

    /// Asks once, and once more when the registry wants to know who asks.
    pub(super) fn once(&self, request: &Request<'_>) -> Result<Answer, Failed> {
        let mut is_fresh = false;
        loop {
            // An upload may go on at another server: the registry's credentials are not for that.
            let is_ours =
                request.url.strip_prefix(&self.base).is_some_and(|it| it.starts_with('/'));
            let authorization = self.authorization.borrow().clone().filter(|_| is_ours);
            let answer = exchange(&self.agent, request, authorization.as_ref())?;
            match answer.status {
                401 if is_ours && !is_fresh => {
                    let authorization = self.authorize(&answer.headers)?;
                    self.authorization.replace(Some(authorization));
                    is_fresh = true;
                }
                401 if is_fresh && self.is_token() => return Err(self.denied(true)?.into()),
                401 | 403 => return Err(self.denied(answer.status == 403)?.into()),
                408 | 429 | 500 | 502..=504 => return Err(answer.transient(request.what)),
                _ => return Ok(answer),
            }
        }
    }

    /// What to send along from now on, given what the registry asks for.
    fn authorize(&self, headers: &HeaderMap) -> Result<Secret, Failed> {
        match Challenge::of(headers) {
            Some(Challenge::Basic) => match &self.found()?.credentials {
                Some(Credentials::Password { user, password }) => Ok(token::basic(user, password)),
                _ => Err(self.denied(false)?.into()),
            },
            Some(Challenge::Bearer { realm, service }) => {
                if !realm.starts_with("https://") && !self.is_plain() {
                    let found = format!("with the token server{}, without TLS", quoted(&realm));
                    return Err(Problem::Unexpected { what: "a request", found }.into());
                }
                token::fetch(self, &realm, service.as_deref())
            }
            None => {
                let found = "with 401, but not how to log in".to_owned();
                Err(Problem::Unexpected { what: "a request", found }.into())
            }
        }
    }

    /// Why whoever asks is not let in; for lack of a right, or of the right password.
    pub(super) fn denied(&self, is_known: bool) -> Result<Problem, Failed> {
        let (found, host) = (self.found()?, self.repository.registry.clone());
        Ok(match (&found.credentials, is_known) {
            (None, _) => Problem::Anonymous { host, looked: found.source.clone() },
            (Some(_), true) => Problem::Forbidden { who: found.who(), host },
            (Some(_), false) => Problem::Refused { who: found.who(), host },
        })
    }

    pub(super) fn found(&self) -> Result<&Found, Failed> {
        if let Some(found) = self.found.get() {
            return Ok(found);
        }
        let found =
            credentials::find(&self.repository).map_err(|it| Problem::Credentials(it.into()))?;
        Ok(self.found.get_or_init(|| found))
    }

    fn is_plain(&self) -> bool {
        self.base.starts_with("http://")
    }

    fn is_token(&self) -> bool {
        let authorization = self.authorization.borrow();
        authorization.as_ref().is_some_and(|it| it.reveal().starts_with("Bearer "))
    }
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

fn agent(tls: Option<&TlsConfig>, https_only: bool, is_loopback: bool) -> Agent {
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
fn speaks_http(agent: &Agent, base: &str) -> bool {
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
