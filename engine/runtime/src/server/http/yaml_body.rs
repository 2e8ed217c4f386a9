//! Bodies in YAML, which OPA's API accepts as well.

use std::sync::Arc;

use hyper::HeaderMap;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};

use super::body::BodyError;
use super::memory_budget::{MemoryBudget, Reservation};
use crate::documents;
use crate::system::long_work;

/// Bytes of memory that a byte of YAML may take while it is read, as with files.
const COST: usize = 100;

/// Bytes of memory that aliases may take beside that.
const ALIASES: usize = 64 << 10;

/// Tells whether a body is YAML. As with OPA, any content type that contains the word counts:
/// several were in use before `application/yaml`.
pub(crate) fn is_announced(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    content_type.windows(4).any(|word| word.eq_ignore_ascii_case(b"yaml"))
}

/// Converts the one document of a body to JSON text, which is empty without a document.
///
/// # Errors
/// When the text is not YAML, its JSON exceeds `limit` bytes, or there is no memory for it.
pub(crate) fn to_json(
    text: &Bytes,
    limit: usize,
    memory: &Arc<MemoryBudget>,
) -> Result<Bytes, BodyError> {
    let mut reservation = Reservation::beside(memory, text.len());
    let reading = text.len().saturating_mul(COST).saturating_add(ALIASES);
    reservation.grow(reading)?;
    let json = long_work::on_bytes(reading, || documents::yaml_to_json(text, reading))
        .map_err(|error| BodyError::Yaml(error.to_string()))?
        .unwrap_or_default();
    if json.len() > limit {
        return Err(BodyError::TooLargeYaml { limit });
    }
    reservation.shrink(reading);
    reservation.grow(json.len())?;
    Ok(reservation.attach(json.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::http::memory_budget::Exhausted;

    #[test]
    fn text_memory_counts_toward_whether_a_body_ever_fits() {
        let text = Bytes::from(vec![b' '; 1000]);
        let limit = text.len() * COST + ALIASES + 500;
        let memory = MemoryBudget::new(limit);
        let mut body = Reservation::empty(&memory);
        body.grow(text.len()).unwrap();
        assert_eq!(
            to_json(&text, 1 << 20, &memory),
            Err(BodyError::Exhausted(Exhausted::Limit { limit }))
        );
    }
}
