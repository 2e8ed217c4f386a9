//! One repository's API, as the OCI distribution specification has it.
//!
//! A client of our own over a small HTTP library: `oci-client`, the one that there is, brings more
//! crates than the rest of the builder has, neither tries again nor resumes, keeps upload sessions
//! to itself, and writes no referrers for registries without the API.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use ureq::Agent;
use ureq::http::HeaderMap;

use super::attempts::RetrySchedule;
use super::challenge::{self, Challenge, Purpose};
use super::credentials::{self, Credentials, FoundCredentials};
use super::error::{AttemptError, RegistryError, RegistryProblem, TOKEN_REQUEST};
use super::http::{RegistryRequest, RegistryResponse, agent, speaks_http};
use super::location::{HttpOrigin, public_part};
use super::quote::quoted;
use super::secret::Secret;
use super::upload_mode::UploadMode;
use super::{redirect, tls, token};
use crate::reference::{Repository, is_loopback};
use policy_host::progress::Progress;

/// Options of connections to registries.
#[derive(Debug, Clone, Copy, Default)]
pub struct RegistryOptions {
    /// Without TLS, wherever the registry is.
    pub plain_http: bool,
}

pub(super) struct Client {
    pub(super) agent: Agent,
    options: RegistryOptions,
    /// `https://registry.example.com`
    base: String,
    origin: HttpOrigin,
    pub(super) repository: Repository,
    pub(super) purpose: Purpose,
    /// The credentials, looked up when a registry demands them.
    pub(super) found: OnceCell<FoundCredentials>,
    authorization: RefCell<Option<Secret>>,
    /// The upload mode that the registry accepts.
    pub(super) manner: Cell<UploadMode>,
    pub(super) progress: Rc<Progress>,
}

impl Client {
    pub(super) fn new(
        repository: &Repository,
        purpose: Purpose,
        options: RegistryOptions,
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
        let origin = HttpOrigin::parse(&base).ok_or_else(|| {
            let found = format!("under the address{}", quoted(&base));
            fail(RegistryProblem::Unexpected { what: "nothing", found })
        })?;
        let repository = repository.clone();
        Ok(Self {
            agent,
            options,
            base,
            origin,
            repository,
            purpose,
            found: OnceCell::new(),
            authorization: RefCell::default(),
            manner: Cell::default(),
            progress,
        })
    }

    /// The address of something in the repository.
    pub(super) fn url(&self, rest: &str) -> String {
        format!("{}/v2/{}/{rest}", self.base, self.repository.path())
    }

    /// Asks until there is an answer, which may be a refusal.
    pub(super) fn send(
        &self,
        request: &RegistryRequest<'_>,
    ) -> Result<RegistryResponse, RegistryError> {
        self.retry(|| self.send_once(request))
    }

    /// Does something again while it may go better the next time.
    pub(super) fn retry<T>(
        &self,
        mut attempt: impl FnMut() -> Result<T, AttemptError>,
    ) -> Result<T, RegistryError> {
        let mut attempts = RetrySchedule::DEFAULT;
        let mut count = 0;
        loop {
            count += 1;
            let failed = match attempt() {
                Ok(done) => return Ok(done),
                Err(AttemptError::Permanent(problem)) => return Err(self.fail(*problem)),
                Err(AttemptError::Transient(failed)) => failed,
            };
            let Some(pause) = attempts.next(failed.after()) else {
                return Err(self.fail(failed.into_problem(count)));
            };
            self.progress.line(&format!("note: {failed}; trying again in {pause:?}"));
            RetrySchedule::wait(pause);
        }
    }

    pub(super) fn fail(&self, problem: RegistryProblem) -> RegistryError {
        RegistryError::new(self.purpose, &self.repository, problem)
    }

    /// Asks once, and once more when the registry wants to know who asks.
    pub(super) fn send_once(
        &self,
        request: &RegistryRequest<'_>,
    ) -> Result<RegistryResponse, AttemptError> {
        let mut is_fresh = false;
        loop {
            // An upload may go on at another server: the registry's credentials are not for that.
            let authorization =
                self.authorization.borrow().clone().filter(|_| self.is_ours(&request.url));
            let answer = redirect::send(&self.agent, request, authorization.as_ref())?;
            let is_ours = self.is_ours(&answer.url) && self.is_ours(&request.url);
            match answer.status {
                401 if is_ours && !is_fresh => {
                    let authorization =
                        self.authorize(&answer.headers).map_err(AttemptError::into_login)?;
                    self.authorization.replace(Some(authorization));
                    is_fresh = true;
                }
                401 if is_ours && !self.is_token() => return Err(self.refused()?.into()),
                401 | 403 if is_ours => return Err(self.forbidden(&answer)?.into()),
                408 | 429 | 500 | 502..=504 => return Err(answer.transient(request.what)),
                _ => return Ok(answer),
            }
        }
    }

    /// Returns whether a URL is one of the registry's own.
    fn is_ours(&self, url: &str) -> bool {
        HttpOrigin::parse(url).is_some_and(|origin| origin == self.origin)
    }

    /// An answer that is none of those that were expected.
    pub(super) fn unexpected(
        &self,
        what: &'static str,
        answer: &RegistryResponse,
    ) -> RegistryProblem {
        let (status, said) = (answer.status, answer.said());
        match HttpOrigin::parse(&answer.url) {
            Some(origin) if origin != self.origin => {
                RegistryProblem::Elsewhere { host: origin.host().to_owned(), what, status, said }
            }
            _ => RegistryProblem::Status { what, status, said },
        }
    }

    /// Meets the challenge of a registry. Returns the `Authorization` of further requests.
    fn authorize(&self, headers: &HeaderMap) -> Result<Secret, AttemptError> {
        match Challenge::parse(headers) {
            Some(Challenge::Basic) => match &self.found()?.credentials {
                Some(Credentials::Password { user, password }) => Ok(token::basic(user, password)),
                _ => Err(self.refused()?.into()),
            },
            Some(Challenge::Bearer { realm, service }) => {
                if !self.may_get_credentials(&realm) {
                    let shown = quoted(&public_part(&realm));
                    let remedy = if self.origin.is_secure() {
                        ""
                    } else {
                        ", which only `--plain-http` allows for another machine"
                    };
                    let found = format!("with the token server{shown}, without TLS{remedy}");
                    return Err(RegistryProblem::Unexpected { what: "a request", found }.into());
                }
                self.fetch_token(&realm, service.as_deref())
            }
            None => {
                let found = challenge::describe_unmet(headers);
                Err(RegistryProblem::Unexpected { what: "a request", found }.into())
            }
        }
    }

    /// Gets a token for the purpose of the client, as a header has it.
    fn fetch_token(&self, realm: &str, service: Option<&str>) -> Result<Secret, AttemptError> {
        let scope = format!("repository:{}:{}", self.repository.path(), self.purpose.actions());
        let credentials = self.found()?.credentials.as_ref();
        let answer = token::request(&self.agent, credentials, realm, service, &scope)?;
        match answer.status {
            200 => Ok(token::read(&answer)?),
            400 | 401 | 403 => Err(self.refused()?.into()),
            408 | 429 | 500 | 502..=504 => Err(answer.transient(TOKEN_REQUEST)),
            _ => Err(self.unexpected(TOKEN_REQUEST, &answer).into()),
        }
    }

    /// Returns whether credentials may go to a token server: with TLS, or on this machine as the
    /// registry itself, or where the user allows plain HTTP.
    fn may_get_credentials(&self, realm: &str) -> bool {
        HttpOrigin::parse(realm).is_some_and(|origin| {
            origin.is_secure()
                || !self.origin.is_secure()
                    && (self.options.plain_http || is_loopback(origin.host()))
        })
    }

    /// The problem of a user whom the registry does not accept.
    pub(super) fn refused(&self) -> Result<RegistryProblem, AttemptError> {
        let (found, host) = (self.found()?, self.repository.registry().to_owned());
        Ok(match &found.credentials {
            None => {
                let (looked, said) = (found.source.clone(), String::new());
                RegistryProblem::Anonymous { host, looked, status: 401, said }
            }
            Some(_) => RegistryProblem::Refused { who: found.who(), host },
        })
    }

    /// The problem of a user who lacks a right.
    fn forbidden(&self, answer: &RegistryResponse) -> Result<RegistryProblem, AttemptError> {
        let (found, host) = (self.found()?, self.repository.registry().to_owned());
        let (status, said) = (answer.status, answer.said());
        Ok(match &found.credentials {
            None => {
                // That they are unknown is all that a registry can say to them with 401.
                let said = if status == 403 { said } else { String::new() };
                RegistryProblem::Anonymous { host, looked: found.source.clone(), status, said }
            }
            Some(_) => RegistryProblem::Forbidden { who: found.who(), host, status, said },
        })
    }

    pub(super) fn found(&self) -> Result<&FoundCredentials, AttemptError> {
        if let Some(found) = self.found.get() {
            return Ok(found);
        }
        let found = credentials::find(&self.repository)
            .map_err(|error| RegistryProblem::Credentials(error.into()))?;
        Ok(self.found.get_or_init(|| found))
    }

    fn is_token(&self) -> bool {
        let authorization = self.authorization.borrow();
        authorization.as_ref().is_some_and(|secret| secret.reveal().starts_with("Bearer "))
    }
}
