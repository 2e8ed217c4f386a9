use std::fmt;
use std::time::Duration;

use oci_spec::OciSpecError;

use super::challenge::Purpose;
use super::credentials::CredentialsError;
use crate::reference::Repository;

/// The request for a token, as errors name it.
pub(super) const TOKEN_REQUEST: &str = "the request for a token";

/// A failure of a registry to give or take an image.
#[derive(Debug, thiserror::Error)]
#[error("{doing}: {problem}")]
pub struct RegistryError {
    /// Such as: failed to push to `registry.example.com/policies`.
    pub(super) doing: String,
    pub(super) problem: Box<RegistryProblem>,
}

impl RegistryError {
    pub(super) fn new(purpose: Purpose, repository: &Repository, problem: RegistryProblem) -> Self {
        Self { doing: format!("{purpose} `{repository}`"), problem: Box::new(problem) }
    }

    /// Returns whether the registry refuses the request itself: neither the network nor the
    /// credentials are at fault, and another attempt would fail as well.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        match &*self.problem {
            RegistryProblem::NotFound(_)
            | RegistryProblem::Status { .. }
            | RegistryProblem::Elsewhere { .. }
            | RegistryProblem::Unexpected { .. }
            | RegistryProblem::Mismatch { .. } => true,
            // A server that meets something unknown may fail with 500; the others are of gateways.
            RegistryProblem::StillStatus { status, what, .. } => {
                *what != TOKEN_REQUEST && !matches!(status, 408 | 429 | 502..=504)
            }
            _ => self.is_forbidden(),
        }
    }

    /// Returns whether an accepted user lacks a right.
    pub(super) fn is_forbidden(&self) -> bool {
        use RegistryProblem::{Anonymous, Forbidden};
        matches!(&*self.problem, Forbidden { status: 403, .. } | Anonymous { status: 403, .. })
    }

    /// Returns whether the image or the blob is not in the registry.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(&*self.problem, RegistryProblem::NotFound(_))
    }

    /// Returns whether the registry gives other bytes than it was asked for.
    #[must_use]
    pub fn is_mismatch(&self) -> bool {
        matches!(&*self.problem, RegistryProblem::Mismatch { .. })
    }

    /// The cause on one line, without the operation that failed and without the remedy.
    #[must_use]
    pub fn reason(&self) -> String {
        let problem = self.problem.to_string();
        problem.split("\nhelp: ").next().unwrap_or(&problem).to_owned()
    }
}

#[derive(Debug, thiserror::Error)]
pub(super) enum RegistryProblem {
    #[error(
        "there is no host `{0}` that this machine knows\nhelp: check the spelling of the \
         registry, and the network"
    )]
    UnknownHost(String),
    #[error(
        "the registry `{host}` cannot be reached: {reason}, at each of {attempts} attempts\n\
         help: check the registry, and the network in between"
    )]
    Network { host: String, reason: String, attempts: u32 },
    #[error(
        "the registry `{host}` cannot be trusted: {reason}\nhelp: name a file with the \
         certificate of its CA in `SSL_CERT_FILE`, or give `--plain-http` if it speaks no TLS"
    )]
    Tls { host: String, reason: String },
    #[error("{0}\nhelp: use another machine")]
    NoTls(#[from] policy_tls::Unsupported),
    #[error(
        "the registry asks for credentials{said}, and {looked}\nhelp: log in with `docker login \
         {host}`"
    )]
    Anonymous { host: String, looked: String, status: u16, said: String },
    #[error("the registry refuses {who}\nhelp: log in again with `docker login {host}`")]
    Refused { who: String, host: String },
    #[error(
        "the registry does not let {who} do that{said}\nhelp: log in as a user who may, with \
         `docker login {host}`, or ask for the right"
    )]
    Forbidden { who: String, host: String, status: u16, said: String },
    #[error("there is no such {0} in the registry\nhelp: check its name")]
    NotFound(&'static str),
    #[error("the registry answers {what} with {status}{said}\nhelp: ask its operators")]
    Status { what: &'static str, status: u16, said: String },
    #[error(
        "`{host}`, where the registry sends {what}, answers with {status}{said}\nhelp: ask the \
         operators of the registry"
    )]
    Elsewhere { host: String, what: &'static str, status: u16, said: String },
    #[error(
        "the registry still answers {what} with {status}{said}, after {attempts} attempts\nhelp: \
         try again later, or ask its operators"
    )]
    StillStatus { what: &'static str, status: u16, said: String, attempts: u32 },
    #[error(
        "the registry answers {what} {found}, expected an answer of the OCI distribution \
         specification\nhelp: ask its operators"
    )]
    Unexpected { what: &'static str, found: String },
    /// Whatever keeps somebody from logging in.
    #[error(transparent)]
    Login(Box<RegistryProblem>),
    #[error(
        "what the registry gives for `{expected}` is not that: found {found}\nhelp: ask its \
         operators"
    )]
    Mismatch { expected: String, found: String },
    #[error(transparent)]
    Credentials(#[from] Box<CredentialsError>),
    #[error("failed to assemble the index of referrers: {0}")]
    Document(#[from] OciSpecError),
}

/// A failure of one attempt.
#[derive(Debug)]
pub(super) enum AttemptError {
    /// It may go better the next time.
    Transient(TransientError),
    /// It will not.
    Permanent(Box<RegistryProblem>),
}

impl AttemptError {
    /// For what was to let somebody in.
    pub(super) fn into_login(self) -> Self {
        match self {
            Self::Permanent(problem) => RegistryProblem::Login(problem).into(),
            transient @ Self::Transient(_) => transient,
        }
    }
}

/// A network or a server that may be well again soon.
#[derive(Debug)]
pub(super) enum TransientError {
    Network { host: String, reason: String },
    Status { what: &'static str, status: u16, said: String, after: Option<Duration> },
}

impl TransientError {
    /// The problem, once every attempt has failed like this.
    pub(super) fn into_problem(self, attempts: u32) -> RegistryProblem {
        match self {
            Self::Network { host, reason } => RegistryProblem::Network { host, reason, attempts },
            Self::Status { what, status, said, .. } => {
                RegistryProblem::StillStatus { what, status, said, attempts }
            }
        }
    }

    /// The pause that the registry asks for.
    pub(super) fn after(&self) -> Option<Duration> {
        match self {
            Self::Network { .. } => None,
            Self::Status { after, .. } => *after,
        }
    }
}

impl fmt::Display for TransientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network { host, reason } => write!(f, "`{host}` cannot be reached: {reason}"),
            Self::Status { what, status, said, .. } => {
                write!(f, "the registry answers {what} with {status}{said}")
            }
        }
    }
}

impl From<RegistryProblem> for AttemptError {
    fn from(problem: RegistryProblem) -> Self {
        Self::Permanent(Box::new(problem))
    }
}
