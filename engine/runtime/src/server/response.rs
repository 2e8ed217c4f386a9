use std::io::Write;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{
    ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, RETRY_AFTER, VARY,
    WWW_AUTHENTICATE,
};
use hyper::{HeaderMap, Response, StatusCode};
use serde::Serialize;

use super::memory_budget::{MemoryBudget, Reservation};
use crate::long_work;

/// Smaller answers are not worth compressing; OPA's own bound.
const COMPRESSED_FROM: usize = 1024;

/// Of an answer that is sent even where there is no memory left: refusals and health have to be,
/// and are as small as this.
const UNCOUNTED_BYTES: usize = 1 << 10;

/// What is answered, before it is sent.
pub(super) type Reply = Response<Bytes>;

/// JSON text that is written already.
pub(super) fn json(status: StatusCode, body: impl Into<Bytes>) -> Reply {
    with_type(status, "application/json", body)
}

/// A value of ours, as JSON.
pub(super) fn serialized(status: StatusCode, value: &impl Serialize) -> Reply {
    // Of types that have nothing in them which JSON could not say.
    json(status, serde_json::to_vec(value).unwrap_or_default())
}

/// What could not be answered, as JSON; the headers go with the status.
pub(super) fn refused(status: StatusCode, error: &impl Serialize) -> Reply {
    let reply = serialized(status, error);
    match status {
        StatusCode::SERVICE_UNAVAILABLE => retry_after_a_second(reply),
        StatusCode::UNAUTHORIZED => asking_for_a_token(reply),
        _ => reply,
    }
}

pub(super) fn with_type(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Reply {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Says when to come again.
fn retry_after_a_second(mut response: Reply) -> Reply {
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// Says which methods there are.
pub(super) fn allowing(methods: &'static str, mut response: Reply) -> Reply {
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    response
}

/// Says what is asked for.
fn asking_for_a_token(mut response: Reply) -> Reply {
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

/// The response as it is sent: compressed where it is worth it and the client takes it so. What it
/// takes of the memory, it takes until it is sent; where there is none for it, the client is told so.
pub(super) fn sent(
    takes_gzip: bool,
    reply: Reply,
    memory: &Arc<MemoryBudget>,
    overloaded: impl FnOnce(String) -> Reply,
) -> Response<Full<Bytes>> {
    let (head, body) = encoded(takes_gzip, reply).into_parts();
    let mut reservation = Reservation::empty(memory);
    match reservation.grow(body.len()) {
        Ok(()) => Response::from_parts(head, Full::new(reservation.attach(body))),
        Err(_) if body.len() <= UNCOUNTED_BYTES => Response::from_parts(head, Full::new(body)),
        Err(exhausted) => overloaded(format!("the answer: {exhausted}")).map(Full::new),
    }
}

fn encoded(takes_gzip: bool, reply: Reply) -> Reply {
    let (mut head, body) = reply.into_parts();
    if body.len() >= COMPRESSED_FROM && takes_gzip {
        let compress = || {
            let room = Vec::with_capacity(body.len() / 4);
            let mut encoder = GzEncoder::new(room, Compression::fast());
            encoder.write_all(&body).and_then(|()| encoder.finish())
        };
        // A writer to memory does not fail; if it did, the text is sent as it is.
        if let Ok(bytes) = long_work::on_bytes(body.len(), compress) {
            head.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            head.headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
            return Response::from_parts(head, bytes.into());
        }
    }
    Response::from_parts(head, body)
}

/// Whether a client takes compressed answers.
pub(super) fn takes_gzip(headers: &HeaderMap) -> bool {
    let mut any = None;
    for value in headers.get_all(ACCEPT_ENCODING) {
        for part in value.to_str().unwrap_or_default().split(',') {
            let mut words = part.split(';').map(str::trim);
            let name = words.next().unwrap_or_default();
            let refused = words.any(|word| {
                word.strip_prefix("q=").is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0))
            });
            if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
                return !refused;
            }
            if name == "*" {
                any = Some(!refused);
            }
        }
    }
    any.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(accept: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, accept.parse().unwrap());
        takes_gzip(&headers)
    }

    #[test]
    fn gzip_is_taken_where_it_is_named_and_not_refused() {
        for accept in ["gzip", "deflate, gzip;q=0.5", "*", "GZIP"] {
            assert!(takes(accept), "{accept}");
        }
        for accept in ["", "br", "gzip;q=0", "*;q=0", "gzip; q=0.0, *", "identity"] {
            assert!(!takes(accept), "{accept}");
        }
    }

    #[test]
    fn small_answers_stay_as_they_are() {
        let small = encoded(true, json(StatusCode::OK, vec![b' '; COMPRESSED_FROM - 1]));
        assert!(!small.headers().contains_key(CONTENT_ENCODING));
        let large = encoded(true, json(StatusCode::OK, vec![b' '; COMPRESSED_FROM]));
        assert_eq!(large.headers()[CONTENT_ENCODING], "gzip");
        let refused = encoded(false, json(StatusCode::OK, vec![b' '; 4096]));
        assert!(!refused.headers().contains_key(CONTENT_ENCODING));
    }
}
