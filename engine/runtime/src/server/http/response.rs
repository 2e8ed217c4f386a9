use std::io::Write;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, RETRY_AFTER, VARY,
    WWW_AUTHENTICATE,
};
use hyper::{HeaderMap, Response, StatusCode};
use serde::Serialize;

use super::memory_budget::{Exhausted, MemoryBudget, Reservation};
use crate::system::long_work;

/// The shortest response that is compressed, as with OPA.
const COMPRESSED_FROM: usize = 1024;

/// The longest response that is sent without memory left, so that errors and health still are.
const UNCOUNTED_BYTES: usize = 1 << 10;

/// A response before it is compressed and accounted for.
pub(crate) type Reply = Response<ReplyText>;

/// The text of a response, and the memory that was reserved for it.
#[derive(Debug)]
pub(crate) struct ReplyText {
    bytes: Bytes,
    reservation: Option<Reservation>,
}

impl ReplyText {
    /// A text that was written within this reservation, which shrinks to what the text needs.
    pub(crate) fn reserved(bytes: Vec<u8>, mut reservation: Reservation) -> Self {
        reservation.shrink(reservation.bytes().saturating_sub(bytes.capacity()));
        Self { bytes: bytes.into(), reservation: Some(reservation) }
    }
}

impl<T: Into<Bytes>> From<T> for ReplyText {
    fn from(text: T) -> Self {
        Self { bytes: text.into(), reservation: None }
    }
}

/// A response of JSON text.
pub(crate) fn json(status: StatusCode, body: impl Into<ReplyText>) -> Reply {
    with_type(status, "application/json", body)
}

/// A response of a value, as JSON.
pub(crate) fn serialized(status: StatusCode, value: &impl Serialize) -> Reply {
    // All values that get here have a form in JSON.
    json(status, serde_json::to_vec(value).unwrap_or_default())
}

/// A response of an error, as JSON, with the headers that its status requires.
pub(crate) fn error(status: StatusCode, error: &impl Serialize) -> Reply {
    let reply = serialized(status, error);
    match status {
        StatusCode::SERVICE_UNAVAILABLE => retry_after_a_second(reply),
        StatusCode::UNAUTHORIZED => asking_for_a_token(reply),
        _ => reply,
    }
}

pub(crate) fn with_type(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<ReplyText>,
) -> Reply {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn retry_after_a_second(mut response: Reply) -> Reply {
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

fn asking_for_a_token(mut response: Reply) -> Reply {
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

/// Makes a response ready to be sent: compressed where that pays and the client accepts it, with its
/// memory reserved until it is sent. Where there is no memory, `no_memory` makes another response.
pub(crate) fn finish(
    takes_gzip: bool,
    reply: Reply,
    memory: &Arc<MemoryBudget>,
    no_memory: impl FnOnce(Exhausted) -> Reply,
) -> Response<Full<Bytes>> {
    let (head, ReplyText { bytes, reservation }) = encoded(takes_gzip, reply, memory).into_parts();
    let mut reservation = reservation.unwrap_or_else(|| Reservation::empty(memory));
    match reservation.resize(reservation.bytes().max(bytes.len())) {
        Ok(()) => Response::from_parts(head, Full::new(reservation.attach(bytes))),
        Err(_) if bytes.len() <= UNCOUNTED_BYTES => Response::from_parts(head, Full::new(bytes)),
        Err(exhausted) => no_memory(exhausted).map(|text| Full::new(text.bytes)),
    }
}

fn encoded(takes_gzip: bool, reply: Reply, memory: &Arc<MemoryBudget>) -> Reply {
    let (mut head, text) = reply.into_parts();
    if takes_gzip && text.bytes.len() >= COMPRESSED_FROM {
        let length = text.bytes.len();
        // Without memory for both texts, or where it becomes no shorter, the text is sent uncompressed.
        if let Some(compressed) = long_work::on_bytes(length, || compressed(&text.bytes, memory)) {
            head.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            head.headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
            return Response::from_parts(head, compressed);
        }
    }
    Response::from_parts(head, text)
}

fn compressed(text: &[u8], memory: &Arc<MemoryBudget>) -> Option<ReplyText> {
    let mut reservation = Reservation::beside(memory, text.len());
    reservation.grow(text.len()).ok()?;
    let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 4), Compression::fast());
    encoder.write_all(text).ok()?;
    let mut compressed = encoder.finish().ok()?;
    if compressed.len() >= text.len() {
        return None;
    }
    compressed.shrink_to_fit();
    Some(ReplyText::reserved(compressed, reservation))
}

/// Tells whether a client accepts compressed responses.
pub(crate) fn takes_gzip(headers: &HeaderMap) -> bool {
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
    fn gzip_is_used_if_accepted() {
        for accept in ["gzip", "deflate, gzip;q=0.5", "*", "GZIP"] {
            assert!(takes(accept), "{accept}");
        }
        for accept in ["", "br", "gzip;q=0", "*;q=0", "gzip; q=0.0, *", "identity"] {
            assert!(!takes(accept), "{accept}");
        }
    }

    #[test]
    fn small_responses_are_not_compressed() {
        let memory = MemoryBudget::new(1 << 20);
        let small = encoded(true, json(StatusCode::OK, vec![b' '; COMPRESSED_FROM - 1]), &memory);
        assert!(!small.headers().contains_key(CONTENT_ENCODING));
        let large = encoded(true, json(StatusCode::OK, vec![b' '; COMPRESSED_FROM]), &memory);
        assert_eq!(large.headers()[CONTENT_ENCODING], "gzip");
        let refused = encoded(false, json(StatusCode::OK, vec![b' '; 4096]), &memory);
        assert!(!refused.headers().contains_key(CONTENT_ENCODING));
    }
}
