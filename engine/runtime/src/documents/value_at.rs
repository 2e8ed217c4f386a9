//! Paths into a policy's output, as OPA's paths lead into documents.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// The longest path that is followed: each step parses the value once more.
const MAX_SEGMENTS: usize = 32;

/// The value that the segments lead to, as it stands in the text; `None` where there is none.
///
/// Takes one level after another, so that no depth is too deep.
pub(crate) fn value_at<'a, 's>(
    output: &'a str,
    segments: impl Iterator<Item = &'s str>,
) -> Option<&'a str> {
    let mut value = output;
    for (depth, segment) in segments.enumerate() {
        if depth == MAX_SEGMENTS {
            return None;
        }
        let mut deserializer = serde_json::Deserializer::from_str(value);
        value = PathStep(segment).deserialize(&mut deserializer).ok()??.get();
    }
    Some(value)
}

/// One step into an object by its key, or into an array by its index.
struct PathStep<'s>(&'s str);

impl<'de> DeserializeSeed<'de> for PathStep<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for PathStep<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key_seed(KeyMatches(self.0))? {
            if key {
                found = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let Ok(index) = self.0.parse::<usize>() else {
            while sequence.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(None);
        };
        let mut found = None;
        let mut at = 0;
        while let Some(element) = sequence.next_element::<&RawValue>()? {
            if at == index {
                found = Some(element);
            }
            at += 1;
        }
        Ok(found)
    }
}

/// Compares a key with another one, without keeping it.
struct KeyMatches<'s>(&'s str);

impl<'de> DeserializeSeed<'de> for KeyMatches<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for KeyMatches<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<bool, E> {
        Ok(key == self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_selects_a_value_in_objects_and_arrays() {
        let output = r#"{"allowed":true,"violations":[{"field":"a/b"},7],"a\"b":null}"#;
        for (path, value) in [
            ("", Some(output)),
            ("allowed", Some("true")),
            ("violations/0/field", Some("\"a/b\"")),
            ("violations/1", Some("7")),
            ("a\"b", Some("null")),
            ("violations/2", None),
            ("violations/first", None),
            ("nothing", None),
            ("allowed/more", None),
        ] {
            let segments = path.split('/').filter(|segment| !segment.is_empty());
            assert_eq!(value_at(output, segments), value, "{path}");
        }
    }
}
