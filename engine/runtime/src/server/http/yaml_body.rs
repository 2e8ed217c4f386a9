//! Bodies in YAML, which OPA's API takes as well.

use std::sync::Arc;

use hyper::HeaderMap;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};

use super::body::BodyError;
use super::memory_budget::{MemoryBudget, Reservation};
use crate::documents;
use crate::system::long_work;

/// Bytes that a byte of YAML may take while it is read: as many as files are given.
const COST: usize = 100;

/// Bytes that aliases may take beside that.
const ALIASES: usize = 64 << 10;

/// Whether a body is YAML. As with OPA, any type is that has the word in it: there were several
/// before there was `application/yaml`.
pub(crate) fn is_announced(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    content_type.windows(4).any(|word| word.eq_ignore_ascii_case(b"yaml"))
}

/// The JSON text that the one document of a body stands for; without a document it is empty.
///
/// # Errors
/// What is not read of YAML, more than `limit` bytes of JSON, and no memory for it.
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
    fn what_its_text_holds_counts_for_whether_it_ever_fits() {
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
