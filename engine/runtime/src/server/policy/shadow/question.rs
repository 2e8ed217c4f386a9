use std::sync::Arc;

use uuid::Uuid;

use super::queue_places::QueuePlace;
use crate::server::http::memory_budget::Reservation;
use crate::telemetry::DecisionOutcome;

/// A question that waits for a shadow.
pub(super) struct Question {
    /// JSON text.
    pub(super) input: Box<[u8]>,
    pub(super) answer: Answer,
    /// The memory of the input and of the denial.
    pub(super) memory: Reservation,
}

/// What the policy that answers has decided, and where to find it again.
pub(super) struct Answer {
    pub(super) outcome: DecisionOutcome,
    /// The declared checks that denied.
    pub(super) checks: Vec<&'static str>,
    /// The output of a denial, whose reasons are logged. JSON text.
    pub(super) denial: Option<Box<[u8]>>,
    pub(super) request_id: Option<Arc<str>>,
    /// The id of the event in the decision log.
    pub(super) decision_id: Option<Uuid>,
    /// Counts the question as queued until it has been put, or given up.
    pub(super) _place: QueuePlace,
}
