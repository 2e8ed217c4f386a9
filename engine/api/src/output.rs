use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter};

use crate::Verdict;

/// Appends an answer to `output` as JSON, and says what verdict that text is.
///
/// The verdict is noted as the text is written: reading it off afterwards, by [`Verdict::of`], took
/// a sixth of a short decision.
pub(crate) fn write<T: Serialize>(
    answer: &T,
    output: &mut Vec<u8>,
) -> serde_json::Result<Option<Verdict>> {
    let start = output.len();
    let mut seen = Seen::default();
    answer.serialize(&mut Serializer::with_formatter(&mut *output, Watching(&mut seen)))?;
    Ok(if seen.raw { Verdict::of(output.get(start..).unwrap_or_default()) } else { seen.verdict })
}

/// What was seen of a text that is being written.
#[derive(Default)]
struct Seen {
    depth: usize,
    /// What `allowed` has beyond the latest key at the top of an object; `None` when that key does
    /// not begin it.
    rest: Option<&'static str>,
    verdict: Option<Verdict>,
    /// Whether there is JSON in it that the policy brought as text.
    raw: bool,
}

impl Seen {
    /// Whether a value that begins here says whether the answer is yes.
    fn at_flag(&self) -> bool {
        match self.depth {
            0 => true,
            1 => matches!(self.rest, Some("" | "ed")),
            _ => false,
        }
    }
}

/// Writes as [`CompactFormatter`] does, and watches.
struct Watching<'s>(&'s mut Seen);

impl Formatter for Watching<'_> {
    #[inline]
    fn write_bool<W: ?Sized + Write>(&mut self, writer: &mut W, value: bool) -> io::Result<()> {
        if self.0.at_flag() {
            self.0.verdict = self.0.verdict.max(Some(Verdict::from(value)));
        }
        CompactFormatter.write_bool(writer, value)
    }

    #[inline]
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.depth += 1;
        CompactFormatter.begin_array(writer)
    }

    #[inline]
    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.depth -= 1;
        CompactFormatter.end_array(writer)
    }

    #[inline]
    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.depth += 1;
        CompactFormatter.begin_object(writer)
    }

    #[inline]
    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.depth -= 1;
        CompactFormatter.end_object(writer)
    }

    #[inline]
    fn begin_object_key<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if self.0.depth == 1 {
            self.0.rest = Some("allowed");
        }
        CompactFormatter.begin_object_key(writer, first)
    }

    /// A key's text, or a value's; after a value comes another key before it matters again.
    #[inline]
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        self.0.rest = self.0.rest.and_then(|rest| rest.strip_prefix(fragment));
        CompactFormatter.write_string_fragment(writer, fragment)
    }

    #[inline]
    fn write_char_escape<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        self.0.rest = None;
        CompactFormatter.write_char_escape(writer, escape)
    }

    #[inline]
    fn write_raw_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        self.0.raw = true;
        CompactFormatter.write_raw_fragment(writer, fragment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::select;
    use serde::Serializer;
    use serde::ser::SerializeMap;
    use serde_json::value::RawValue;

    /// All that an answer can be made of, keys that are there twice among it.
    #[derive(Debug, Clone)]
    enum Answer {
        Bool(bool),
        Text(&'static str),
        Raw(Box<RawValue>),
        Array(Vec<Answer>),
        Object(Vec<(Key, Answer)>),
    }

    #[derive(Debug, Clone)]
    enum Key {
        Bool(bool),
        /// Written piece by piece.
        Text(&'static str, &'static str),
    }

    impl Serialize for Answer {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match self {
                Self::Bool(value) => serializer.serialize_bool(*value),
                Self::Text(text) => serializer.serialize_str(text),
                Self::Raw(raw) => raw.serialize(serializer),
                Self::Array(elements) => elements.serialize(serializer),
                Self::Object(fields) => {
                    let mut map = serializer.serialize_map(None)?;
                    for (key, value) in fields {
                        map.serialize_entry(key, value)?;
                    }
                    map.end()
                }
            }
        }
    }

    impl Serialize for Key {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match self {
                Self::Bool(value) => serializer.serialize_bool(*value),
                Self::Text(start, end) => serializer.collect_str(&format_args!("{start}{end}")),
            }
        }
    }

    fn answers() -> impl Strategy<Value = Answer> {
        let raw = [
            "true",
            "\"ed\"",
            r#"{"allowed": false}"#,
            r#"{"\u0061llow":true, "other":[{"allowed":false}]}"#,
            r#"[{"x":1}, "allowed", true]"#,
        ];
        let raw = select(raw.to_vec()).prop_map(|raw| RawValue::from_string(raw.into()).unwrap());
        let flags = [("allow", ""), ("allow", "ed"), ("al", "lowed")];
        let part = || select(vec!["", "allow", "ed", "x", "\"", "\n", "é"]);
        let key = prop_oneof![
            3 => select(flags.to_vec()).prop_map(|(start, end)| Key::Text(start, end)),
            2 => (part(), part()).prop_map(|(start, end)| Key::Text(start, end)),
            1 => any::<bool>().prop_map(Key::Bool),
        ];
        let leaf = prop_oneof![
            3 => any::<bool>().prop_map(Answer::Bool),
            1 => part().prop_map(Answer::Text),
            1 => raw.prop_map(Answer::Raw),
        ];
        leaf.prop_recursive(3, 16, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Answer::Array),
                prop::collection::vec((key.clone(), inner), 0..4).prop_map(Answer::Object),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// What is seen of a text as it is written is what it says once it stands there.
        #[test]
        fn the_verdict_is_that_of_the_text(answer in answers()) {
            let mut output = b"before".to_vec();
            let verdict = write(&answer, &mut output).unwrap();
            let text = output.strip_prefix(b"before").unwrap();
            prop_assert_eq!(text, serde_json::to_vec(&answer).unwrap());
            prop_assert_eq!(verdict, Verdict::of(text));
        }
    }
}
