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

use super::memory_budget::{Exhausted, MemoryBudget, Reservation};
use crate::system::long_work;

/// Smaller answers are not worth compressing; OPA's own bound.
const COMPRESSED_FROM: usize = 1024;

/// Of an answer that is sent even where there is no memory left: refusals and health have to be,
/// and are as small as this.
const UNCOUNTED_BYTES: usize = 1 << 10;

/// What is answered, before it is sent.
pub(crate) type Reply = Response<Text>;

/// The text of an answer, and the memory that was reserved for it while it was made.
#[derive(Debug)]
pub(crate) struct Text {
    bytes: Bytes,
    reservation: Option<Reservation>,
}

impl Text {
    /// A text that was written within this reservation, which is kept as far as the text needs it.
    pub(crate) fn reserved(bytes: Vec<u8>, mut reservation: Reservation) -> Self {
        reservation.shrink(reservation.bytes().saturating_sub(bytes.capacity()));
        Self { bytes: bytes.into(), reservation: Some(reservation) }
    }
}

impl<T: Into<Bytes>> From<T> for Text {
    fn from(text: T) -> Self {
        Self { bytes: text.into(), reservation: None }
    }
}

/// JSON text that is written already.
pub(crate) fn json(status: StatusCode, body: impl Into<Text>) -> Reply {
    with_type(status, "application/json", body)
}

/// A value of ours, as JSON.
pub(crate) fn serialized(status: StatusCode, value: &impl Serialize) -> Reply {
    // Of types that have nothing in them which JSON could not say.
    json(status, serde_json::to_vec(value).unwrap_or_default())
}

/// What could not be answered, as JSON; the headers go with the status.
pub(crate) fn refused(status: StatusCode, error: &impl Serialize) -> Reply {
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
    body: impl Into<Text>,
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
pub(crate) fn allowing(methods: &'static str, mut response: Reply) -> Reply {
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
pub(crate) fn sent(
    takes_gzip: bool,
    reply: Reply,
    memory: &Arc<MemoryBudget>,
    no_memory: impl FnOnce(Exhausted) -> Reply,
) -> Response<Full<Bytes>> {
    let (head, Text { bytes, reservation }) = encoded(takes_gzip, reply, memory).into_parts();
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
        // Where there is no memory for both, or it does not become shorter, the text is sent as it is.
        if let Some(compressed) = long_work::on_bytes(length, || compressed(&text.bytes, memory)) {
            head.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            head.headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
            return Response::from_parts(head, compressed);
        }
    }
    Response::from_parts(head, text)
}

fn compressed(text: &[u8], memory: &Arc<MemoryBudget>) -> Option<Text> {
    let mut reservation = Reservation::beside(memory, text.len());
    reservation.grow(text.len()).ok()?;
    let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 4), Compression::fast());
    encoder.write_all(text).ok()?;
    let mut compressed = encoder.finish().ok()?;
    if compressed.len() >= text.len() {
        return None;
    }
    compressed.shrink_to_fit();
    Some(Text::reserved(compressed, reservation))
}

/// Whether a client takes compressed answers.
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
        let memory = MemoryBudget::new(1 << 20);
        let small = encoded(true, json(StatusCode::OK, vec![b' '; COMPRESSED_FROM - 1]), &memory);
        assert!(!small.headers().contains_key(CONTENT_ENCODING));
        let large = encoded(true, json(StatusCode::OK, vec![b' '; COMPRESSED_FROM]), &memory);
        assert_eq!(large.headers()[CONTENT_ENCODING], "gzip");
        let refused = encoded(false, json(StatusCode::OK, vec![b' '; 4096]), &memory);
        assert!(!refused.headers().contains_key(CONTENT_ENCODING));
    }
}
