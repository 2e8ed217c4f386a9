use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;
use policy_api::{DecodeError, Verdict};

use crate::server::gate::Place;
use crate::server::memory_budget::{Exhausted, Reservation};

/// What is put to a policy.
#[derive(Debug)]
pub(in crate::server) struct Question {
    /// As JSON text.
    pub(in crate::server) input: Bytes,
    /// Where the caller gave one.
    pub(in crate::server) request_id: Option<Arc<str>>,
    /// Held until the evaluation has ended, or counts as stuck.
    pub(in crate::server) place: Place,
    /// For what the evaluation takes of memory; given back when it has ended, whenever that is.
    pub(in crate::server) memory: Reservation,
}

/// An answer.
#[derive(Debug)]
pub(in crate::server) struct Answer {
    /// As JSON text.
    pub(in crate::server) output: Vec<u8>,
    pub(in crate::server) verdict: Option<Verdict>,
    pub(in crate::server) evaluation: Duration,
    /// The memory of the output, given back with it.
    pub(super) _memory: Reservation,
}

/// Why there is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::server) enum NoAnswer {
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
