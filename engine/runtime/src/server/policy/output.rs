use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;
use policy_api::Verdict;

use crate::policies::Usage;
use crate::server::http::concurrency::RequestPermit;
use crate::server::http::memory_budget::Reservation;

/// A request for one evaluation.
#[derive(Debug)]
pub(crate) struct EvaluationRequest {
    /// JSON text.
    pub(crate) input: Bytes,
    pub(crate) request_id: Option<Arc<str>>,
    /// Held until the evaluation has ended, or counts as stuck.
    pub(crate) permit: RequestPermit,
    /// The memory that the evaluation may use; released when it ends, whenever that is.
    pub(crate) memory: Reservation,
}

/// The output of an evaluation.
#[derive(Debug)]
pub(crate) struct EvaluationOutput {
    /// JSON text.
    pub(crate) text: Vec<u8>,
    pub(crate) verdict: Option<Verdict>,
    /// The declared checks that a denial names.
    pub(crate) checks: Vec<&'static str>,
    pub(crate) elapsed: Duration,
    /// The memory and the processor time of the evaluation.
    pub(crate) usage: Usage,
    /// The memory of the text, released with it.
    pub(super) _memory: Reservation,
}
