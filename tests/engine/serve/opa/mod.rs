//! OPA's Data API.

/// Many questions in one request.
mod batch;
/// What requests come as: encodings, sizes, depths.
mod bodies;
/// What is asked where no policy is named.
mod default;
/// Why there is no answer, in OPA's words.
mod errors;
/// What stands beside questions and answers: ids, traces, methods.
mod headers;
/// What paths lead to.
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
