use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};

/// Writes a value as JSON, laid out for people, while it is read: in the order in which it stands,
/// without holding it in memory, and with the reader's own errors.
pub(crate) struct ToJson<'a> {
    out: &'a mut Vec<u8>,
    /// The nesting depth of the value.
    level: usize,
}

impl<'a> ToJson<'a> {
    /// On many lines, for people.
    pub(crate) fn pretty(out: &'a mut Vec<u8>) -> Self {
        Self { out, level: 0 }
    }

    fn inner(&mut self) -> ToJson<'_> {
        ToJson { out: self.out, level: self.level + 1 }
    }

    /// Begins an element of an array or an object.
    fn separate(&mut self, first: bool) {
        if !first {
            self.out.push(b',');
        }
        self.break_line(self.level + 1);
    }

    fn close(&mut self, empty: bool, bracket: u8) {
        if !empty {
            self.break_line(self.level);
        }
        self.out.push(bracket);
    }

    fn break_line(&mut self, level: usize) {
        self.out.push(b'\n');
        self.out.resize(self.out.len() + 2 * level, b' ');
    }

    fn write<E: Error>(self, value: impl serde::Serialize) -> Result<(), E> {
        serde_json::to_writer(self.out, &value).map_err(E::custom)
    }
}

impl<'de> DeserializeSeed<'de> for ToJson<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ToJson<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON has")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.write(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.write(value)
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<(), E> {
        self.write(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.write(value)
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<(), E> {
        self.write(value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        if value.is_finite() {
            self.write(value)
        } else {
            Err(E::custom(format_args!("JSON has no number `{value}`")))
        }
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.write(value)
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.write(())
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        self.write(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<(), A::Error> {
        self.out.push(b'[');
        let mut first = true;
        loop {
            let before = self.out.len();
            self.separate(first);
            if elements.next_element_seed(self.inner())?.is_none() {
                self.out.truncate(before);
                break;
            }
            first = false;
        }
        self.close(first, b']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<(), A::Error> {
        self.out.push(b'{');
        let mut first = true;
        loop {
            let before = self.out.len();
            self.separate(first);
            if entries.next_key_seed(Key(self.out))?.is_none() {
                self.out.truncate(before);
                break;
            }
            self.out.extend_from_slice(b": ");
            entries.next_value_seed(self.inner())?;
            first = false;
        }
        self.close(first, b'}');
        Ok(())
    }
}

/// Writes a key: JSON's are strings, so other scalars are written as text.
struct Key<'a>(&'a mut Vec<u8>);

impl Key<'_> {
    fn write<E: Error>(self, key: impl fmt::Display) -> Result<(), E> {
        serde_json::to_writer(self.0, &format_args!("{key}")).map_err(E::custom)
    }
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Key<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key that is text, a number or a boolean")
    }

    fn visit_bool<E: Error>(self, key: bool) -> Result<(), E> {
        self.write(key)
    }

    fn visit_i64<E: Error>(self, key: i64) -> Result<(), E> {
        self.write(key)
    }

    fn visit_u64<E: Error>(self, key: u64) -> Result<(), E> {
        self.write(key)
    }

    fn visit_f64<E: Error>(self, key: f64) -> Result<(), E> {
        self.write(key)
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<(), E> {
        self.write(key)
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Err(E::custom("a key is null: expected text"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(A::Error::custom("a key is an array: expected text"))
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(A::Error::custom("a key is an object: expected text"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn pretty(json: &str) -> String {
        let mut out = Vec::new();
        let mut reader = serde_json::Deserializer::from_str(json);
        ToJson::pretty(&mut out).deserialize(&mut reader).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn key_order_is_kept() {
        assert_eq!(
            pretty(r#"{"b":[1,{}],"a":{"c":[]}}"#),
            "{\n  \"b\": [\n    1,\n    {}\n  ],\n  \"a\": {\n    \"c\": []\n  }\n}"
        );
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(".{0,4}", inner, 0..5).prop_map(Value::from_iter),
            ]
        })
    }

    proptest! {
        #[test]
        fn pretty_layout_equals_that_of_serde_json(value in any_json()) {
            let json = serde_json::to_string(&value).unwrap();
            prop_assert_eq!(pretty(&json), serde_json::to_string_pretty(&value).unwrap());
        }
    }
}
