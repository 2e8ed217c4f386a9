use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use http_body_util::BodyExt;
use hyper::body::{Body, Bytes};
use hyper::header::{CONTENT_ENCODING, HeaderValue};
use hyper::{HeaderMap, StatusCode};

use super::memory_budget::{Buffer, Exhausted, MemoryBudget, Reservation};
use crate::config::Limits;
use crate::system::long_work;

/// Bytes that are inflated at a time.
const STEP_BYTES: usize = 32 << 10;

/// The longest body that is copied out of its connection's buffer.
const COPIED_BYTES: usize = 4 << 10;

/// The ratio by which compressed bodies are expected to grow.
const LIKELY_RATIO: usize = 32;

/// The content coding of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContentCoding {
    Identity,
    Gzip,
}

impl ContentCoding {
    /// Reads the coding from a request's headers: all of them, and all names in them.
    ///
    /// # Errors
    /// When a coding is not supported, or applied twice.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Result<Self, BodyError> {
        let mut found = Self::Identity;
        let values = || headers.get_all(CONTENT_ENCODING).iter().map(HeaderValue::as_bytes);
        for name in values().flat_map(|value| value.split(|byte| *byte == b',')) {
            let name = name.trim_ascii();
            let is = |coding: &str| name.eq_ignore_ascii_case(coding.as_bytes());
            if name.is_empty() || is("identity") {
                continue;
            }
            if found == Self::Gzip || !(is("gzip") || is("x-gzip")) {
                let all: Vec<_> = values().map(String::from_utf8_lossy).collect();
                return Err(BodyError::Encoding(all.join(", ")));
            }
            found = Self::Gzip;
        }
        Ok(found)
    }
}

/// Reads a request's body whole, inflated where it came compressed.
///
/// # Errors
/// When the body exceeds the limit, is too slow, has no memory, or is not what its headers say.
pub(crate) async fn read<B>(
    coding: ContentCoding,
    body: B,
    limits: &Limits,
    memory: &Arc<MemoryBudget>,
) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes, Error: std::error::Error> + Unpin,
{
    let limit = limits.body;
    if usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX) > limit {
        return Err(BodyError::TooLarge { limit });
    }
    let time = limits.body_time;
    let (text, reservation) = tokio::select! {
        biased;
        collected = collect(body, limit, memory) => collected?,
        // Polled only where the body has not arrived yet, which is rare.
        () = async { tokio::time::sleep(time).await } => return Err(BodyError::TooSlow { time }),
    };
    if coding == ContentCoding::Identity {
        return Ok(reservation.attach(text));
    }
    let inflated = Reservation::beside(memory, reservation.bytes());
    // A body may grow by a factor of a thousand.
    let likely = text.len().saturating_mul(LIKELY_RATIO);
    let (text, inflated) = long_work::on_bytes(likely, || inflate(&text, limit, inflated))?;
    Ok(inflated.attach(text.into()))
}

/// Collects a body. One that arrived in one piece, as nearly all do, is not copied, unless it is
/// small: it would keep its connection's buffer from being reused for the next request.
async fn collect<B>(
    mut body: B,
    limit: usize,
    memory: &Arc<MemoryBudget>,
) -> Result<(Bytes, Reservation), BodyError>
where
    B: Body<Data = Bytes, Error: std::error::Error> + Unpin,
{
    // The size that the client announces, up to the limit.
    let announced = body.size_hint().upper().map_or(0, |upper| upper.min(limit as u64));
    let announced = usize::try_from(announced).unwrap_or_default();
    let mut reservation = Reservation::empty(memory);
    let mut first = Bytes::new();
    while let Some(data) = next(&mut body).await? {
        if first.is_empty() {
            check(data.len(), limit)?;
            reservation.grow(data.len())?;
            first = data;
            continue;
        }
        let mut all = Buffer::new(reservation, announced);
        all.push(&std::mem::take(&mut first))?;
        let mut more = Some(data);
        while let Some(data) = more {
            check(all.text().len() + data.len(), limit)?;
            all.push(&data)?;
            more = next(&mut body).await?;
        }
        let (text, reservation) = all.into_parts();
        return Ok((text.into(), reservation));
    }
    let text = if first.len() <= COPIED_BYTES { Bytes::copy_from_slice(&first) } else { first };
    Ok((text, reservation))
}

fn check(length: usize, limit: usize) -> Result<(), BodyError> {
    if length > limit { Err(BodyError::TooLarge { limit }) } else { Ok(()) }
}

/// The next chunk of a body.
async fn next<B>(body: &mut B) -> Result<Option<Bytes>, BodyError>
where
    B: Body<Data = Bytes, Error: std::error::Error> + Unpin,
{
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| BodyError::Broken(error.to_string()))?;
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

/// Inflates a body up to the limit. The size that it states itself is not trusted.
fn inflate(
    compressed: &[u8],
    limit: usize,
    reservation: Reservation,
) -> Result<(Vec<u8>, Reservation), BodyError> {
    let mut decoder = MultiGzDecoder::new(compressed);
    let mut inflated = Buffer::new(reservation, 0);
    let mut step = vec![0; STEP_BYTES];
    loop {
        let read = decoder.read(&mut step).map_err(|error| BodyError::Gzip(error.to_string()))?;
        if read == 0 {
            return Ok(inflated.into_parts());
        }
        if inflated.text().len() + read > limit {
            return Err(BodyError::TooLargeInflated { limit });
        }
        inflated.push(step.get(..read).unwrap_or_default())?;
    }
}

/// The error of a body that cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("the request's body is larger than the limit of {limit} bytes")]
    TooLarge { limit: usize },
    #[error("the request's body is larger than the limit of {limit} bytes once it is inflated")]
    TooLargeInflated { limit: usize },
    #[error("the request's body did not arrive within {}", humantime::format_duration(*time))]
    TooSlow { time: Duration },
    #[error("the request's body: {0}")]
    Exhausted(#[from] Exhausted),
    #[error("the request's body broke off: {0}")]
    Broken(String),
    #[error("the request's body is not the gzip that `content-encoding` says: {0}")]
    Gzip(String),
    /// The message of the YAML reader.
    #[error("the request's body is not YAML as Kubernetes reads it: {0}")]
    Yaml(String),
    #[error(
        "the request's body is larger than the limit of {limit} bytes once its aliases are \
         expanded"
    )]
    TooLargeYaml { limit: usize },
    #[error("the request's `content-encoding` is `{0}`: expected `gzip` or none")]
    Encoding(String),
}

impl BodyError {
    /// The status that HTTP has for it.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge { .. } | Self::TooLargeInflated { .. } | Self::TooLargeYaml { .. } => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::TooSlow { .. } => StatusCode::REQUEST_TIMEOUT,
            Self::Exhausted(exhausted) => exhausted.status(),
            Self::Broken(_) | Self::Gzip(_) | Self::Yaml(_) => StatusCode::BAD_REQUEST,
            Self::Encoding(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use http_body_util::Full;
    use std::io::Write;

    use crate::testing::limits;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn read_once(encoding: Option<&str>, body: Vec<u8>, limit: usize) -> Result<Bytes, BodyError> {
        let memory = MemoryBudget::new(1 << 20);
        let read =
            read_into(&memory, encoding, body, limit).map(|body| Bytes::copy_from_slice(&body));
        assert_eq!(memory.used(), 0);
        read
    }

    fn read_into(
        memory: &Arc<MemoryBudget>,
        encoding: Option<&str>,
        body: Vec<u8>,
        limit: usize,
    ) -> Result<Bytes, BodyError> {
        let mut headers = HeaderMap::new();
        if let Some(encoding) = encoding {
            headers.insert(CONTENT_ENCODING, encoding.parse().unwrap());
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let limits = Limits { body: limit, ..limits() };
        runtime.block_on(read(
            ContentCoding::from_headers(&headers)?,
            Full::from(body),
            &limits,
            memory,
        ))
    }

    #[test]
    fn body_may_have_the_limit_and_no_more() {
        assert_eq!(read_once(None, b"abc".to_vec(), 3).unwrap(), "abc");
        assert_eq!(read_once(None, b"abcd".to_vec(), 3), Err(BodyError::TooLarge { limit: 3 }));
        assert_eq!(read_once(Some("gzip"), gzip(b"abc"), 64).unwrap(), "abc");
        let bomb = gzip(&vec![b'a'; 1 << 20]);
        assert!(bomb.len() < 64 << 10);
        assert_eq!(
            read_once(Some("gzip"), bomb, 64 << 10),
            Err(BodyError::TooLargeInflated { limit: 64 << 10 })
        );
    }

    #[test]
    fn forged_gzip_trailer_is_an_error() {
        let mut forged = gzip(b"abc");
        let length = forged.len();
        forged[length - 4..].copy_from_slice(&u32::MAX.to_le_bytes());
        let error = read_once(Some("gzip"), forged, 64).unwrap_err().to_string();
        assert!(error.starts_with("the request's body is not the gzip that"), "{error}");
        let error = read_once(Some("gzip"), b"{}".to_vec(), 64).unwrap_err().to_string();
        assert!(error.starts_with("the request's body is not the gzip that"), "{error}");
        assert_eq!(
            read_once(Some("br"), Vec::new(), 64).unwrap_err().to_string(),
            "the request's `content-encoding` is `br`: expected `gzip` or none"
        );
    }

    #[test]
    fn all_content_codings_are_read() {
        let coding = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CONTENT_ENCODING, value.parse().unwrap());
            }
            ContentCoding::from_headers(&headers)
        };
        for plain in [&[][..], &[""], &["identity"], &["identity, identity", "identity"]] {
            assert_eq!(coding(plain), Ok(ContentCoding::Identity), "{plain:?}");
        }
        for gzip in [&["gzip"][..], &["X-GZIP"], &["identity, gzip"], &["gzip", "identity"]] {
            assert_eq!(coding(gzip), Ok(ContentCoding::Gzip), "{gzip:?}");
        }
        for (unknown, told) in [
            (&["gzip, gzip"][..], "gzip, gzip"),
            (&["gzip", "x-gzip"], "gzip, x-gzip"),
            (&["identity", "br"], "identity, br"),
            (&["gzip;q=1"], "gzip;q=1"),
        ] {
            assert_eq!(coding(unknown), Err(BodyError::Encoding(told.to_owned())));
        }
    }

    #[test]
    fn bodies_beyond_the_memory_budget_are_refused() {
        let large = vec![b'a'; 50_000];
        // While a text is moved to where it can grow, it is there twice.
        let memory = MemoryBudget::new(99_000);
        let first = read_into(&memory, None, large.clone(), 1 << 20).unwrap();
        assert_eq!(
            read_into(&memory, None, large.clone(), 1 << 20),
            Err(BodyError::Exhausted(Exhausted::InUse))
        );
        assert_eq!(
            read_into(&memory, Some("gzip"), gzip(&large), 1 << 20),
            Err(BodyError::Exhausted(Exhausted::InUse))
        );
        drop(first);
        assert_eq!(read_into(&memory, Some("gzip"), gzip(&large), 1 << 20).unwrap(), large);
    }
}
