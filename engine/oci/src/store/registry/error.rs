use std::fmt;
use std::time::Duration;

use oci_spec::OciSpecError;

use super::challenge::Purpose;
use super::credentials::CredentialsError;
use super::token;
use crate::reference::Repository;

/// Why a registry does not give or take an image.
#[derive(Debug, thiserror::Error)]
#[error("{doing}: {problem}")]
pub struct RegistryError {
    /// Such as: push to `registry.example.com/policies`.
    pub(super) doing: String,
    pub(super) problem: Box<Problem>,
}

impl RegistryError {
    pub(super) fn new(purpose: Purpose, repository: &Repository, problem: Problem) -> Self {
        Self { doing: format!("{purpose} `{repository}`"), problem: Box::new(problem) }
    }

    /// Whether the registry is there, knows who asks, and does not do what it is asked: neither
    /// the network nor the credentials are at fault, and it would be the same tomorrow.
    pub fn is_refusal(&self) -> bool {
        match &*self.problem {
            Problem::NotFound(_)
            | Problem::Status { .. }
            | Problem::Elsewhere { .. }
            | Problem::Unexpected { .. }
            | Problem::Mismatch { .. } => true,
            // A server that meets something unknown may fail with 500; the others are of gateways.
            Problem::StillStatus { status, what, .. } => {
                *what != token::ASKING && !matches!(status, 408 | 429 | 502..=504)
            }
            _ => self.is_forbidden(),
        }
    }

    /// Whether this is what whoever asks may not do, though the registry has let them in.
    pub(super) fn is_forbidden(&self) -> bool {
        use Problem::{Anonymous, Forbidden};
        matches!(&*self.problem, Forbidden { status: 403, .. } | Anonymous { status: 403, .. })
    }

    /// Whether what was asked for is not in the registry.
    pub fn is_missing(&self) -> bool {
        matches!(&*self.problem, Problem::NotFound(_))
    }

    /// What went wrong, without what was being done.
    pub fn reason(&self) -> String {
        self.problem.to_string()
    }
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    #[error(
        "there is no host `{0}` that this machine knows; check how the registry is spelled, and \
         the network"
    )]
    UnknownHost(String),
    #[error(
        "the registry `{host}` cannot be reached: {reason}, at each of {attempts} attempts; check \
         the registry, and the network between"
    )]
    Network { host: String, reason: String, attempts: u32 },
    #[error(
        "the registry `{host}` cannot be trusted: {reason}; name a file with the certificate of \
         its CA in `SSL_CERT_FILE`, or give `--plain-http` if it speaks no TLS"
    )]
    Tls { host: String, reason: String },
    #[error("{0}; do this on another machine")]
    NoTls(#[from] policy_tls::Unsupported),
    #[error(
        "the registry asks for credentials{said}, and {looked}; log in with `docker login {host}`"
    )]
    Anonymous { host: String, looked: String, status: u16, said: String },
    #[error("the registry refuses {who}; log in again with `docker login {host}`")]
    Refused { who: String, host: String },
    #[error(
        "the registry does not let {who} do that{said}; log in as someone who may, with `docker \
         login {host}`, or ask for the right"
    )]
    Forbidden { who: String, host: String, status: u16, said: String },
    #[error("there is no such {0} in the registry; check its name")]
    NotFound(&'static str),
    #[error("the registry answers {what} with {status}{said}; ask those who run it")]
    Status { what: &'static str, status: u16, said: String },
    #[error(
        "`{host}`, where the registry sends {what}, answers with {status}{said}; ask those who run \
         the registry"
    )]
    Elsewhere { host: String, what: &'static str, status: u16, said: String },
    #[error(
        "the registry still answers {what} with {status}{said}, after {attempts} attempts; try \
         again later, or ask those who run it"
    )]
    StillStatus { what: &'static str, status: u16, said: String, attempts: u32 },
    #[error(
        "the registry answers {what} {found}; expected an answer as the OCI distribution \
         specification has it: ask those who run it"
    )]
    Unexpected { what: &'static str, found: String },
    /// Whatever keeps somebody from logging in.
    #[error(transparent)]
    Login(Box<Problem>),
    #[error(
        "what the registry gives for `{expected}` is not that: found {found}; ask those who run it"
    )]
    Mismatch { expected: String, found: String },
    #[error(transparent)]
    Credentials(#[from] Box<CredentialsError>),
    #[error("put the index of what refers to an image together: {0}")]
    Document(#[from] OciSpecError),
}

/// What comes of one attempt, where it is not what was asked for.
#[derive(Debug)]
pub(super) enum Failed {
    /// It may go better the next time.
    Transient(Transient),
    /// It will not.
    Permanent(Box<Problem>),
}

impl Failed {
    /// For what was to let somebody in.
    pub(super) fn at_login(self) -> Self {
        match self {
            Self::Permanent(problem) => Problem::Login(problem).into(),
            transient @ Self::Transient(_) => transient,
        }
    }
}

/// A network or a server that may be well again soon.
#[derive(Debug)]
pub(super) enum Transient {
    Network { host: String, reason: String },
    Status { what: &'static str, status: u16, said: String, after: Option<Duration> },
}

impl Transient {
    /// What it comes to when it has been so at every attempt.
    pub(super) fn at_last(self, attempts: u32) -> Problem {
        match self {
            Self::Network { host, reason } => Problem::Network { host, reason, attempts },
            Self::Status { what, status, said, .. } => {
                Problem::StillStatus { what, status, said, attempts }
            }
        }
    }

    /// How long the registry asks to be left alone.
    pub(super) fn after(&self) -> Option<Duration> {
        match self {
            Self::Network { .. } => None,
            Self::Status { after, .. } => *after,
        }
    }
}

impl fmt::Display for Transient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network { host, reason } => write!(f, "`{host}` cannot be reached: {reason}"),
            Self::Status { what, status, said, .. } => {
                write!(f, "the registry answers {what} with {status}{said}")
            }
        }
    }
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self::Permanent(Box::new(problem))
    }
}
