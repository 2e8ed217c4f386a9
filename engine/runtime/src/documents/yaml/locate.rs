use std::collections::HashSet;
use std::fmt;

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::{Location, Spanned};

use super::read;
use crate::documents::tree::{Entry, Place, Tree, Value};

/// The place at which the value of this path stands in a document.
///
/// Only what went wrong is looked for, so the document is read once more rather than every place
/// kept of every document.
pub(in crate::documents) fn locate(text: &str, path: &str) -> Option<Place> {
    tree(text).ok()?.find(path).map(|found| found.at)
}

/// A document with the places of its values.
pub(super) fn tree(text: &str) -> Result<Tree<Place>, serde_saphyr::Error> {
    read(text, |deserializer| Tree::deserialize(deserializer))
}

pub(super) fn line_and_column(at: Location) -> Place {
    let number = |count| usize::try_from(count).unwrap_or(usize::MAX);
    (number(at.line()), number(at.column()))
}

impl<'de> Deserialize<'de> for Tree<Place> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = Spanned::<Value<Place>>::deserialize(deserializer)?;
        Ok(Self { value: read.value, at: line_and_column(read.referenced) })
    }
}

impl<'de> Deserialize<'de> for Value<Place> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

macro_rules! literals {
    ($($visit:ident($kind:ty)),+ $(,)?) => {$(
        fn $visit<E: Error>(self, value: $kind) -> Result<Self::Value, E> {
            Ok(Value::Literal(value.to_string()))
        }
    )+};
}

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value<Place>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON has")
    }

    literals! {
        visit_bool(bool), visit_i64(i64), visit_i128(i128), visit_u64(u64), visit_u128(u128),
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        match serde_json::Number::from_f64(value) {
            Some(number) => Ok(Value::Literal(number.to_string())),
            None => Err(E::custom(format_args!("JSON has no number `{value}`"))),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = sequence.next_element()? {
            elements.push(element);
        }
        Ok(Value::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut mapping: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        let mut keys = HashSet::new();
        while let Some(key) = mapping.next_key::<Spanned<Key>>()? {
            let (Key(name), at) = (key.value, line_and_column(key.referenced));
            // `1` and `"1"` differ for the parser, but not as keys of JSON.
            if !keys.insert(name.clone()) {
                return Err(A::Error::custom(format_args!("duplicate mapping key: {name}")));
            }
            entries.push(Entry { key: name, at, value: mapping.next_value()? });
        }
        Ok(Value::Table(entries))
    }
}

/// A key: JSON's are strings, so other scalars are taken as text.
struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Literal(text) | Value::Text(text) => Ok(Self(text)),
            Value::Null => Err(D::Error::custom("a key is null: expected text")),
            Value::List(_) => Err(D::Error::custom("a key is an array: expected text")),
            Value::Table(_) => Err(D::Error::custom("a key is an object: expected text")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_their_path() {
        let text =
            "---\nspec:\n  a.b/c: 1\n  containers:\n  - image: x\n    ports: [80,\n      x]\n";
        assert_eq!(locate(text, "spec.containers[0].ports[1]"), Some((7, 7)));
        assert_eq!(locate(text, "spec.a.b/c"), Some((3, 10)));
        assert_eq!(locate(text, "spec.containers[0].image"), Some((5, 12)));
        assert_eq!(locate(text, "spec.nothing"), None);
    }

    #[test]
    fn keys_have_places_and_are_told_apart_as_json_has_them() {
        let Value::Table(entries) = tree("a: 1\n1: [x]\n").unwrap().value else {
            panic!("no table");
        };
        assert_eq!((entries[1].key.as_str(), entries[1].at), ("1", (2, 1)));
        assert!(tree("1: a\n'1': b\n").unwrap_err().to_string().contains("duplicate"));
    }
}
