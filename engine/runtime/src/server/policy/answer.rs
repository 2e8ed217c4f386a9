use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;
use policy_api::{DecodeError, Verdict};

use crate::server::http::concurrency::Place;
use crate::server::http::memory_budget::{Exhausted, Reservation};

/// What is put to a policy.
#[derive(Debug)]
pub(crate) struct Question {
    /// As JSON text.
    pub(crate) input: Bytes,
    /// Where the caller gave one.
    pub(crate) request_id: Option<Arc<str>>,
    /// Held until the evaluation has ended, or counts as stuck.
    pub(crate) place: Place,
    /// For what the evaluation takes of memory; given back when it has ended, whenever that is.
    pub(crate) memory: Reservation,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// As JSON text.
    pub(crate) output: Vec<u8>,
    pub(crate) verdict: Option<Verdict>,
    pub(crate) evaluation: Duration,
    /// The memory of the output, given back with it.
    pub(crate) _memory: Reservation,
}

/// Why there is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoAnswer {
    /// The input is not what the policy takes.
    #[error("{0}")]
    Input(DecodeError),
    #[error("{0}")]
    Policy(String),
    #[error("the policy panicked: {0}")]
    Panicked(String),
    #[error("timed out: there was no answer within {}", humantime::format_duration(*.0))]
    TimedOut(Duration),
    #[error("{0} evaluations have overrun and not ended: it is asked again when one has")]
    Stuck(usize),
    /// There is no memory for what it makes of its input.
    #[error("{0}")]
    Exhausted(Exhausted),
    /// It was not asked.
    #[error("too many requests are being decided on: come again")]
    Busy,
}
