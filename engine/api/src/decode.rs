use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Error};

use crate::meter::{self, Refused};
use crate::metered::{Anywhere, Metered};
use crate::path::{self, Level};
use crate::{DecodeError, nesting, wording};

/// Texts up to this length cost little, whatever is in them.
const SHORT: usize = 4 << 10;

/// Decodes JSON text into a type of the policy's own, borrowing from the text where it wants to.
///
/// The evaluation is charged for the memory that decoding allocates. Arrays are refused for structs;
/// serde alone accepts them. Both hold where serde decodes the input directly. For types that are
/// `untagged`, have a `tag` or a `flatten`ed field, it first buffers the input in a form of its own:
/// only that buffer is charged.
///
/// # Errors
/// Text that is not JSON, is nested deeper than [`crate::MAX_NESTING`], or has another shape.
pub fn decode<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, DecodeError> {
    nesting::check(json)?;
    let text = as_text(json)?;
    let before = meter::used();
    path::forget_left();
    within(text, PhantomData::<T>).map_err(|error| {
        meter::reset(before);
        explain(text, &error, &path::take_left())
    })
}

/// Decodes JSON text by a seed, as [`decode`] does: for implementations of [`Deserialize`] that
/// have kept a part of their input as text, whose nesting is bounded already, and for what an input
/// comes in. Of [`crate::MAX_NESTING`] nothing is looked after here, and no field is named.
///
/// # Errors
/// Text that is not JSON, or has another shape.
pub fn decode_seed<'a, S: DeserializeSeed<'a>>(
    seed: S,
    json: &'a [u8],
) -> Result<S::Value, DecodeError> {
    let text = as_text(json)?;
    within(text, seed).map_err(|error| {
        // They are levels of this text, which may be a part of another.
        path::forget_left();
        DecodeError::from(&error)
    })
}

fn as_text(json: &[u8]) -> Result<&str, DecodeError> {
    // At once for the whole text: `from_slice` would do it for each string, which takes longer.
    str::from_utf8(json).map_err(|error| DecodeError::not_utf8(json, error.valid_up_to()))
}

fn within<'a, S: DeserializeSeed<'a>>(text: &'a str, seed: S) -> serde_json::Result<S::Value> {
    // Strings with escapes are put together in a buffer, which grows to the longest of them.
    let buffer =
        if text.len() > SHORT && text.as_bytes().contains(&b'\\') { 2 * text.len() } else { 0 };
    meter::charge(buffer).map_err(serde_json::Error::custom)?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = seed.deserialize(Metered::<_, Anywhere>::new(&mut deserializer))?;
    deserializer.end()?;
    meter::credit(buffer);
    // Somebody may have passed over the error.
    if meter::is_refused() {
        return Err(serde_json::Error::custom(Refused));
    }
    Ok(value)
}

#[cold]
fn explain(text: &str, error: &serde_json::Error, levels: &[Level]) -> DecodeError {
    if meter::is_refused() || !error.is_data() {
        return error.into();
    }
    let path = path::path(text, error, levels).map(|path| wording::shortened(&path));
    DecodeError { path, ..error.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

    #[derive(Debug, Deserialize)]
    struct Pod<'a> {
        #[serde(borrow)]
        name: Cow<'a, str>,
        containers: Vec<Container>,
    }

    #[derive(Debug, Deserialize)]
    struct Container {
        #[expect(dead_code, reason = "only its shape matters here")]
        port: u16,
    }

    fn message(json: &str) -> String {
        decode::<Pod<'_>>(json.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn strings_are_borrowed_from_the_request() {
        let pod: Pod<'_> = decode(br#"{"name": "a", "containers": []}"#).unwrap();
        assert!(matches!(pod.name, Cow::Borrowed("a")));
        assert!(pod.containers.is_empty());
    }

    #[test]
    fn wrong_field_is_named_with_its_position() {
        assert_eq!(
            message("{\"name\": \"a\",\n \"containers\": [{\"port\": \"x\"}]}"),
            "expected a whole number from 0 to 65535, found the string \"x\", \
             at `containers[0].port` (line 2 column 28)"
        );
        assert_eq!(message(r#"{"name": "a"}"#), "missing field `containers`, at line 1 column 13");
    }

    #[test]
    fn invalid_utf8_is_refused_even_in_ignored_fields() {
        let json = b"{\"name\": \"a\", \"containers\": [],\n \"other\": \"\xe9\"}";
        let error = decode::<Pod<'_>>(json).unwrap_err();
        assert_eq!(error.to_string(), "expected text in UTF-8, at line 2 column 12");
    }

    #[test]
    fn malformed_json_error_has_only_the_position() {
        assert_eq!(message(r#"{"name": }"#), "expected value, at line 1 column 10");
        assert_eq!(message("true"), "expected an object, found `true`, at line 1 column 4");
    }
}
