//! OPA's Data API.

/// Batches of inputs.
mod batch;
/// Request bodies: encodings, sizes, nesting.
mod bodies;
/// The default decision.
mod default;
/// Errors in OPA's form.
mod errors;
/// Request ids, traces, methods.
mod headers;
/// Paths of decisions.
mod paths;

use serde_json::{Value, json};

use crate::support::HttpResponse;

/// An error has OPA's form: its code, its message, and nothing else.
fn assert_error(answer: &HttpResponse, status: u16, code: &str, message: &str) {
    let found = (answer.status, answer.json());
    assert_eq!(found, (status, json!({"code": code, "message": message})));
}

/// An input that is arrays in arrays.
fn nested(levels: usize) -> String {
    "[".repeat(levels) + &"]".repeat(levels)
}

fn warned(code: &str, message: &str) -> Value {
    json!({"warning": {"code": code, "message": message}})
}
