//! The path to the field that an input went wrong at, as `spec.containers[0].image`.
//!
//! Types decode an input once. On the way out, an error says which fields and elements it leaves
//! ([`left`]), and its position says where in the text it arose, from which follow the fields' names. To
//! decode once more with a path at hand would have every type compiled twice.

use std::cell::Cell;
use std::fmt::Write;
use std::ops::Range;

/// The most levels that are kept. An input has no more, but for what comes of errors that are passed over.
const MOST: usize = 4 * crate::MAX_NESTING;

/// A level of an input that an error leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// An element, by its index in the array.
    Element(usize),
    /// A field of an object, or what a variant holds.
    Field,
}

thread_local! {
    /// True if there are levels. What decodes without an error looks at no more.
    static IS_LEFT: Cell<bool> = const { Cell::new(false) };
    /// The levels that the error of this thread has left, from the innermost.
    static LEFT: Cell<Vec<Level>> = const { Cell::new(Vec::new()) };
}

/// Notes a level that an error leaves.
#[cold]
pub(crate) fn left<E>(error: E, level: Level) -> E {
    let mut levels = take_left();
    // The last levels are those of the last error.
    if levels.len() >= MOST {
        levels.clear();
    }
    levels.push(level);
    LEFT.set(levels);
    IS_LEFT.set(true);
    error
}

/// Takes the levels that an error has left, from the innermost.
#[cold]
pub(crate) fn take_left() -> Vec<Level> {
    IS_LEFT.set(false);
    LEFT.take()
}

/// Forgets the levels of errors that a type has passed over.
#[inline]
pub(crate) fn forget_left() {
    if IS_LEFT.get() {
        take_left();
    }
}

/// Where a value stands in its array or object.
enum Segment {
    Index(usize),
    /// The bytes of the key, without its quotes; empty until there is one.
    Key(Range<usize>),
}

/// Writes the path to the place of an error in this text, by the levels that it left.
///
/// `None` where the levels are not those of the text at the error's position: a custom error may bring
/// the position in a text of its own.
pub(crate) fn path(text: &str, error: &serde_json::Error, levels: &[Level]) -> Option<String> {
    let end = offset(text, error.line(), error.column())?;
    let mut path = String::new();
    for (segment, level) in walk(text.as_bytes(), end).iter().zip(levels.iter().rev()) {
        // To write to a string cannot fail.
        let _ = match (segment, level) {
            // What is wrong with an element as a whole is told once the next one has begun.
            (Segment::Index(at), Level::Element(index)) if (*index..=index + 1).contains(at) => {
                write!(path, "[{index}]")
            }
            (Segment::Key(key), Level::Field) => {
                let dot = if path.is_empty() { "" } else { "." };
                write!(path, "{dot}{}", unescaped(text, key.clone())?)
            }
            _ => return None,
        };
    }
    Some(path).filter(|path| !path.is_empty())
}

/// The number of bytes before the end of this column. Lines and columns are counted from 1.
fn offset(text: &str, line: usize, column: usize) -> Option<usize> {
    let mut line_ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
    let start = match line.checked_sub(1)? {
        0 => 0,
        before => line_ends.nth(before - 1)?.0 + 1,
    };
    Some(start + column)
}

/// Follows JSON text to an offset, and gives the way there. Where that is the end of an array or object,
/// the way goes on to what stood last in there.
fn walk(json: &[u8], end: usize) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut open = 0;
    let mut at = 0;
    while let Some(byte) = json.get(at).filter(|_| at < end) {
        match byte {
            b'[' | b'{' => {
                segments.truncate(open);
                segments.push(if *byte == b'[' { Segment::Index(0) } else { Segment::Key(0..0) });
                open += 1;
            }
            b']' | b'}' => open = open.saturating_sub(1),
            b',' => {
                segments.truncate(open);
                match segments.last_mut() {
                    Some(Segment::Index(index)) => *index += 1,
                    Some(Segment::Key(key)) => *key = 0..0,
                    None => {}
                }
            }
            b'"' => {
                let start = at + 1;
                at = start + string_length(json.get(start..).unwrap_or_default());
                segments.truncate(open);
                if let Some(Segment::Key(key)) = segments.last_mut()
                    && *key == (0..0)
                {
                    *key = start..at;
                }
            }
            _ => {}
        }
        at += 1;
    }
    segments
}

/// The number of bytes before a string's closing quote.
fn string_length(json: &[u8]) -> usize {
    let mut is_escaped = false;
    let closing = json.iter().position(|byte| {
        let closes = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        closes
    });
    closing.unwrap_or(json.len())
}

fn unescaped(text: &str, key: Range<usize>) -> Option<String> {
    let quoted = text.get(key.start.checked_sub(1)?..=key.end)?;
    serde_json::from_str(quoted).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::de::DeserializeOwned;
    use serde::{Deserialize, Serialize};
    use serde_json::{Value, json};

    use crate::metered::{Anywhere, Metered};

    #[derive(Debug, Serialize, Deserialize)]
    struct Pod {
        metadata: Option<Metadata>,
        containers: Vec<Container>,
        by_name: BTreeMap<String, Container>,
        pairs: Vec<(u8, String)>,
        tasks: Vec<Task>,
        tagged: Tagged,
        either: Either,
        lists: Lists,
    }

    /// Elements whose mistakes are found once they have been decoded.
    #[derive(Debug, Serialize, Deserialize)]
    struct Lists {
        tagged: Vec<Tagged>,
        either: Vec<Either>,
        small: Vec<Vec<Small>>,
        pair: (Small, Tagged, u8),
    }

    #[derive(Debug, Clone, Copy, Serialize, Deserialize)]
    #[serde(try_from = "u8", into = "u8")]
    struct Small(u8);

    impl TryFrom<u8> for Small {
        type Error = String;

        fn try_from(number: u8) -> Result<Self, String> {
            if number < 100 { Ok(Self(number)) } else { Err(format!("`{number}` is not small")) }
        }
    }

    impl From<Small> for u8 {
        fn from(small: Small) -> Self {
            small.0
        }
    }

    #[derive(Debug, Serialize, Deserialize)]
    struct Metadata {
        name: String,
        #[serde(flatten)]
        others: BTreeMap<String, u8>,
    }

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Container {
        port: Option<u16>,
        args: Vec<Box<str>>,
    }

    #[derive(Debug, Serialize, Deserialize)]
    enum Task {
        Rest,
        Sleep { ms: u64 },
        Run(Container),
        Pair(u64, Vec<u64>),
    }

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(tag = "do")]
    enum Tagged {
        Sleep { ms: u64 },
    }

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u64),
        List(Vec<Container>),
    }

    fn sample() -> Value {
        json!({
            "metadata": {"name": "a", "x\\\"\u{e9}\n": 1, "y": 2},
            "containers": [{"port": 1, "args": []}, {"args": ["[", "}", "\\"]}],
            "by_name": {"a.b": {"port": null, "args": ["x"]}, "": {"args": []}},
            "pairs": [[1, "a"], [2, "b\""]],
            "tasks": ["Rest", {"Sleep": {"ms": 1}}, {"Run": {"args": []}}, {"Pair": [1, [2, 3]]}],
            "tagged": {"do": "Sleep", "ms": 1},
            "either": [{"args": []}],
            "lists": {
                "tagged": [{"do": "Sleep", "ms": 1}, {"do": "Sleep", "ms": 2}],
                "either": [1, [{"args": []}], 2],
                "small": [[1, 2], [], [3]],
                "pair": [1, {"do": "Sleep", "ms": 1}, 2],
            },
        })
    }

    /// The path by the crate that decodes with one at hand.
    fn tracked<T: DeserializeOwned>(text: &str) -> Option<String> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let metered = Metered::<_, Anywhere>::new(&mut deserializer);
        let error = serde_path_to_error::deserialize::<_, T>(metered).err()?;
        let path = error.path().to_string();
        (error.inner().is_data() && path != ".").then_some(path)
    }

    fn found<T: DeserializeOwned>(text: &str) -> Option<String> {
        crate::decode::<T>(text.as_bytes()).err()?.path
    }

    /// The nodes of a value, itself among them.
    fn count(value: &Value) -> usize {
        1 + match value {
            Value::Array(values) => values.iter().map(count).sum(),
            Value::Object(entries) => entries.values().map(count).sum(),
            _ => 0,
        }
    }

    /// Changes the node of this number.
    fn change(value: &mut Value, number: &mut usize, how: &dyn Fn(&mut Value)) {
        if *number == 0 {
            how(value);
        }
        *number = number.wrapping_sub(1);
        match value {
            Value::Array(values) => values.iter_mut().for_each(|value| change(value, number, how)),
            Value::Object(entries) => {
                entries.values_mut().for_each(|value| change(value, number, how));
            }
            _ => {}
        }
    }

    fn others() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(json!(null)),
            Just(json!(true)),
            Just(json!(-1)),
            Just(json!(1e300)),
            Just(json!(70000)),
            Just(json!(200)),
            Just(json!("é\"\\")),
            Just(json!([])),
            Just(json!([1, 2, 3])),
            Just(json!({})),
            Just(json!({"Sleep": []})),
            Just(json!({"Run": {"args": 1}})),
            Just(json!({"Pair": [1]})),
            Just(json!({"other": {"args": [[1]]}})),
            Just(json!({"args": ["a", 1]})),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn paths_are_those_of_a_decoder_that_tracks_them(
            place in any::<prop::sample::Index>(),
            other in others(),
            how in 0..4,
            is_pretty in any::<bool>(),
        ) {
            let mut value = sample();
            let mut number = place.index(count(&value));
            change(&mut value, &mut number, &|node| match (how, &mut *node) {
                (1, Value::Object(entries)) => {
                    entries.insert("unknown".to_owned(), other.clone());
                }
                (2, Value::Object(entries)) => {
                    let first = entries.keys().next().cloned();
                    first.map(|key| entries.remove(&key));
                }
                (1 | 2, Value::Array(values)) => values.push(other.clone()),
                (3, Value::Array(values)) => values.insert(0, other.clone()),
                _ => *node = other.clone(),
            });
            let text = if is_pretty {
                serde_json::to_string_pretty(&value).unwrap()
            } else {
                value.to_string()
            };
            prop_assert_eq!(found::<Pod>(&text), tracked::<Pod>(&text), "{}", text);
        }
    }

    #[test]
    fn element_that_is_wrong_as_a_whole_is_counted_right() {
        let path = |text: &str| found::<Vec<Tagged>>(text).unwrap();
        assert_eq!(path(r#"[{"do": "Sleep"}, {"do": "Sleep", "ms": 1}]"#), "[0]");
        assert_eq!(path(r#"[{"do": "Sleep", "ms": 1}, {"do": "Sleep"}]"#), "[1]");
        assert_eq!(found::<Vec<u8>>("[1, [2], 3]").unwrap(), "[1]");
        assert_eq!(found::<Vec<Vec<Small>>>("[[1], [2, 200, 3], [4]]").unwrap(), "[1][1]");
    }

    #[test]
    fn key_that_is_wrong_is_named_whole() {
        let path = |text: &str| found::<BTreeMap<u8, BTreeMap<u8, bool>>>(text).unwrap();
        assert_eq!(path(r#"{"1": {"300abc": true}}"#), "1.300abc");
        assert_eq!(path(r#"{"1": {"2": 3}}"#), "1.2");
    }

    #[test]
    fn position_in_another_text_gives_no_path() {
        /// JSON in a string.
        #[derive(Debug, Deserialize)]
        #[serde(try_from = "String")]
        struct Inside;

        impl TryFrom<String> for Inside {
            type Error = serde_json::Error;

            fn try_from(text: String) -> Result<Self, serde_json::Error> {
                serde_json::from_str::<u8>(&text).map(|_| Self)
            }
        }

        assert_eq!(found::<Vec<Vec<Inside>>>(r#"[["1", "2"], ["true"]]"#), None);
    }

    #[test]
    fn variant_without_its_fields_is_where_it_stands() {
        let path = |text: &str| found::<Vec<Task>>(text).unwrap();
        assert_eq!(path(r#"["Rest", "Sleep", "Rest"]"#), "[1]");
        assert_eq!(path(r#"["Rest", "Sleep"]"#), "[1]");
        assert_eq!(path(r#"[{"Sleep": {"ms": "x"}}]"#), "[0].Sleep.ms");
    }

    #[test]
    fn sample_is_what_is_decoded() {
        serde_json::from_value::<Pod>(sample()).unwrap();
    }
}
