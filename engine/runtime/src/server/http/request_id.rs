use std::sync::Arc;

use hyper::HeaderMap;

/// The longest request id that is written to logs.
pub(crate) const MAX_REQUEST_ID: usize = 128;

/// The client's own id of a request, unless it is unfit for logs.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<Arc<str>> {
    headers
        .get("x-request-id")
        .and_then(|id| id.to_str().ok())
        .filter(|id| id.len() <= MAX_REQUEST_ID)
        .map(Arc::from)
}
