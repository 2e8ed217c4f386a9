use hyper::StatusCode;
use serde::Serialize;

/// `Status` of `meta/v1`, as far as API servers show it to users.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Status {
    pub(super) message: String,
    /// The name that Kubernetes has for a status of this code.
    reason: &'static str,
    code: u16,
}

/// A `Status` that is an object by itself. An API server reads one from the body of an error, and
/// shows users nothing of any other body.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StatusObject<'a> {
    api_version: &'static str,
    kind: &'static str,
    status: &'static str,
    #[serde(flatten)]
    inner: &'a Status,
}

impl Status {
    pub(super) fn new(code: StatusCode, message: impl Into<String>) -> Self {
        Self { message: message.into(), reason: reason(code), code: code.as_u16() }
    }

    pub(super) fn as_object(&self) -> StatusObject<'_> {
        StatusObject { api_version: "v1", kind: "Status", status: "Failure", inner: self }
    }
}

/// The `StatusReason` of `meta/v1` that goes with a code, or the nearest that there is.
fn reason(code: StatusCode) -> &'static str {
    match code.as_u16() {
        400 => "BadRequest",
        401 => "Unauthorized",
        404 => "NotFound",
        405 => "MethodNotAllowed",
        406 => "NotAcceptable",
        408 | 504 => "Timeout",
        409 => "Conflict",
        410 => "Gone",
        413 => "RequestEntityTooLarge",
        415 => "UnsupportedMediaType",
        422 => "Invalid",
        429 => "TooManyRequests",
        503 => "ServiceUnavailable",
        500.. => "InternalError",
        _ => "Forbidden",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_error_code_has_a_reason() {
        for (code, expected) in [
            (400, "BadRequest"),
            (403, "Forbidden"),
            (404, "NotFound"),
            (422, "Invalid"),
            (451, "Forbidden"),
            (500, "InternalError"),
            (501, "InternalError"),
            (503, "ServiceUnavailable"),
            (504, "Timeout"),
            (599, "InternalError"),
        ] {
            assert_eq!(reason(StatusCode::from_u16(code).unwrap()), expected, "{code}");
        }
    }

    #[test]
    fn status_object_has_api_version_and_kind() {
        let status = Status::new(StatusCode::NOT_FOUND, "no policy");
        assert_eq!(
            serde_json::to_value(status.as_object()).unwrap(),
            json!({
                "apiVersion": "v1", "kind": "Status", "status": "Failure",
                "message": "no policy", "reason": "NotFound", "code": 404,
            })
        );
    }
}
