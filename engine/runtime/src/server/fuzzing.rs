use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use hyper::http::request::Parts;
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};

use super::api;
use super::http::body::{self, BodyError, ContentCoding};
use super::http::memory_budget::MemoryBudget;
use super::http::path::percent_decode;
use super::http::query::Query;
use super::http::{well_formed, yaml_body};
use crate::config::Limits;
use crate::policies::PolicyPath;

/// The largest body that is read here.
const BODY_BYTES: usize = 16 << 10;

/// The memory of all bodies.
const MEMORY_BYTES: usize = 8 << 20;

/// Checks what is read from the head of a request: a method, a target and a host, in lines.
///
/// A path belongs to one API at most. Decoding undoes encoding, and the path of a policy is its own
/// normal form.
///
/// # Panics
/// When that does not hold.
pub fn request_head(data: &[u8]) {
    let mut lines = data.splitn(3, |byte| *byte == b'\n');
    let [method, target, host] = [(); 3].map(|()| lines.next().unwrap_or_default());
    if let Some(head) = head(method, target, host) {
        let _ = well_formed::check(&head);
        let _ = Query::parse(head.uri.query());
        assert!(api::count(&head) <= 1, "{} is a path of two APIs", head.uri.path());
    }

    if let Ok(text) = std::str::from_utf8(target) {
        let encoded = percent_encode(target, NON_ALPHANUMERIC).to_string();
        assert_eq!(percent_decode(&encoded).as_deref(), Some(text));
        let path = PolicyPath::new(text);
        assert_eq!(PolicyPath::new(path.as_str()), path);
        assert!(
            path.as_str().split('/').all(|segment| !segment.is_empty()) || path.as_str().is_empty()
        );
    }
}

fn head(method: &[u8], target: &[u8], host: &[u8]) -> Option<Parts> {
    let request =
        Request::builder().method(method).uri(target).header("host", host).body(()).ok()?;
    Some(request.into_parts().0)
}

/// Checks how a body is read that came compressed, or is YAML.
///
/// It is what any other reader of gzip makes of it, but never longer than it may be. The memory for
/// it is counted as long as it is there.
///
/// # Panics
/// When that does not hold.
pub fn request_body(data: &[u8]) {
    let memory = MemoryBudget::new(MEMORY_BYTES);
    let mut expected = Vec::new();
    let whole = MultiGzDecoder::new(data).take(BODY_BYTES as u64 + 1).read_to_end(&mut expected);
    match inflate(data, &memory) {
        Ok(body) => {
            assert!(whole.is_ok() && body == expected, "another reader makes something else of it");
            assert!(body.len() <= BODY_BYTES);
            assert!(memory.used() >= body.len(), "{} bytes are counted", memory.used());
        }
        Err(BodyError::TooLargeInflated { .. }) => assert!(expected.len() > BODY_BYTES),
        Err(BodyError::TooLarge { .. }) => assert!(data.len() > BODY_BYTES),
        Err(_) => assert!(whole.is_err() || expected.len() > BODY_BYTES),
    }
    assert_eq!(memory.used(), 0);

    if let Ok(json) = yaml_body::to_json(&Bytes::copy_from_slice(data), BODY_BYTES, &memory) {
        assert!(json.len() <= BODY_BYTES);
    }
    assert_eq!(memory.used(), 0);
}

/// Reads a body that is there at once.
fn inflate(data: &[u8], memory: &Arc<MemoryBudget>) -> Result<Bytes, BodyError> {
    let second = Duration::from_secs(1);
    let limits = Limits {
        connections: 1,
        in_flight: 1,
        queue: 1,
        queue_time: second,
        body: BODY_BYTES,
        bodies: MEMORY_BYTES,
        shadows: 1,
        header_time: second,
        body_time: second,
        idle_time: second,
    };
    let body = Full::new(Bytes::copy_from_slice(data));
    let reading = body::read(ContentCoding::Gzip, body, &limits, memory);
    let mut reading = std::pin::pin!(reading);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match reading.as_mut().poll(&mut context) {
        std::task::Poll::Ready(body) => body,
        std::task::Poll::Pending => Err(BodyError::TooSlow { time: second }),
    }
}
