//! One repository's API, as the OCI distribution specification has it.
//!
//! A client of our own over a small HTTP library: `oci-client`, the one that there is, brings more
//! crates than the rest of the builder has, neither tries again nor resumes, keeps upload sessions
//! to itself, and writes no referrers for registries without the API.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use ureq::Agent;
use ureq::http::HeaderMap;

use super::address::Repository;
use super::attempts::Attempts;
use super::challenge::{Challenge, Purpose};
use super::credentials::{self, Credentials, Found};
use super::error::{Failed, Problem, RegistryError};
use super::http::{Answer, Request, agent, exchange, quoted, speaks_http};
use super::secret::Secret;
use super::{tls, token};
use crate::progress::Progress;

/// How a registry is spoken to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Options {
    /// Without TLS, wherever the registry is.
    pub(crate) plain_http: bool,
}

pub(super) struct Client {
    pub(super) agent: Agent,
    /// `https://registry.example.com`
    base: String,
    pub(super) repository: Repository,
    pub(super) purpose: Purpose,
    /// Who asks: looked up when a registry wants to know.
    pub(super) found: OnceCell<Found>,
    authorization: RefCell<Option<Secret>>,
    pub(super) progress: Rc<Progress>,
}

impl Client {
    pub(super) fn new(
        repository: &Repository,
        purpose: Purpose,
        options: Options,
        progress: Rc<Progress>,
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
        self.resolved(what, "Location", answer.header("location").unwrap_or_default())
    }

    /// The address that a header of an answer gives.
    pub(super) fn resolved(
        &self,
        what: &'static str,
        header: &str,
        location: &str,
    ) -> Result<String, Problem> {
        if location.starts_with('/') && !location.starts_with("//") {
            return Ok(format!("{}{location}", self.base));
        }
        // Credentials and images are not to leave by plain HTTP because a registry says so.
        let is_secure = location.starts_with("https://");
        if is_secure || location.starts_with("http://") && self.is_plain() {
            return Ok(location.to_owned());
        }
        let found = if location.is_empty() {
            format!("without a `{header}`")
        } else {
            format!("with the `{header}`{}", quoted(location))
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
