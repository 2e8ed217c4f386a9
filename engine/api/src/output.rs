use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter};

use crate::meter::{self, Refused};
use crate::{Context, Error, Verdict};

/// The bytes written between two checks whether somebody still waits for them.
const CHECKED_BYTES: usize = 64 << 10;

/// Appends an answer to `output` as JSON, and says what verdict that text is.
///
/// The verdict is noted as the text is written: reading it off afterwards, by
/// [`Verdict::from_output`], took a sixth of a short decision.
///
/// # Errors
/// An answer that JSON cannot say, or that there is no memory or no time for; `output` is then as
/// it was.
pub(crate) fn write<T: Serialize>(
    answer: &T,
    context: &Context<'_>,
    output: &mut Vec<u8>,
) -> Result<Option<Verdict>, Error> {
    let start = output.len();
    let mut scan = VerdictScan::default();
    let mut bounded = BoundedBuffer { writable: 0, output, context, stopped: None };
    bounded.look_again();
    let written = answer
        .serialize(&mut Serializer::with_formatter(&mut bounded, VerdictFormatter(&mut scan)));
    let stopped = bounded.stopped.take();
    if let Some(error) = stopped.or_else(|| written.err().as_ref().map(unwritable)) {
        output.truncate(start);
        return Err(error);
    }
    Ok(if scan.raw {
        Verdict::from_output(output.get(start..).unwrap_or_default())
    } else {
        scan.verdict
    })
}

#[cold]
fn unwritable(error: &serde_json::Error) -> Error {
    Error::msg(format_args!("the output cannot be written as JSON: {error}"))
}

/// Writes to memory, as much as may be had, while somebody waits for it.
struct BoundedBuffer<'a> {
    output: &'a mut Vec<u8>,
    context: &'a Context<'a>,
    /// The length of the output at which memory and cancellation are checked next.
    writable: usize,
    /// The reason why nothing more is written.
    stopped: Option<Error>,
}

impl BoundedBuffer<'_> {
    fn look_again(&mut self) {
        self.writable = self.output.capacity().min(self.output.len() + CHECKED_BYTES);
    }

    #[cold]
    fn make_writable(&mut self, bytes: usize) -> io::Result<()> {
        let made = self.context.check().and_then(|()| self.grow(bytes));
        self.look_again();
        made.map_err(|error| {
            self.stopped = Some(error);
            io::Error::other("stopped")
        })
    }

    fn grow(&mut self, bytes: usize) -> Result<(), Error> {
        let before = self.output.capacity();
        let wanted = self.output.len().saturating_add(bytes);
        if wanted <= before {
            return Ok(());
        }
        let capacity = wanted.max(2 * before);
        // While the text is moved, it is there twice.
        if meter::charge(capacity).is_err() {
            return Err(meter::take_refusal().unwrap_or_else(|| Error::out_of_memory(Refused)));
        }
        self.output.reserve_exact(capacity - self.output.len());
        meter::credit(before);
        Ok(())
    }
}

impl Write for BoundedBuffer<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.output.len() + bytes.len() > self.writable {
            self.make_writable(bytes.len())?;
        }
        self.output.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The state of a scan of text that is being written.
#[derive(Default)]
struct VerdictScan {
    depth: usize,
    /// The rest of `allowed` after the latest key at the top of an object; `None` when that key
    /// does not begin it.
    rest: Option<&'static str>,
    verdict: Option<Verdict>,
    /// True if there is JSON in it that the policy brought as text.
    raw: bool,
}

impl VerdictScan {
    /// Returns whether a value that begins here says whether the answer is yes.
    fn at_flag(&self) -> bool {
        match self.depth {
            0 => true,
            1 => matches!(self.rest, Some("" | "ed")),
            _ => false,
        }
    }
}

/// Writes as [`CompactFormatter`] does, and watches.
struct VerdictFormatter<'s>(&'s mut VerdictScan);

impl Formatter for VerdictFormatter<'_> {
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
    enum AnyOutput {
        Bool(bool),
        Text(&'static str),
        Raw(Box<RawValue>),
        Array(Vec<AnyOutput>),
        Object(Vec<(Key, AnyOutput)>),
    }

    #[derive(Debug, Clone)]
    enum Key {
        Bool(bool),
        /// Written piece by piece.
        Text(&'static str, &'static str),
    }

    impl Serialize for AnyOutput {
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

    fn answers() -> impl Strategy<Value = AnyOutput> {
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
            3 => any::<bool>().prop_map(AnyOutput::Bool),
            1 => part().prop_map(AnyOutput::Text),
            1 => raw.prop_map(AnyOutput::Raw),
        ];
        leaf.prop_recursive(3, 16, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(AnyOutput::Array),
                prop::collection::vec((key.clone(), inner), 0..4).prop_map(AnyOutput::Object),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// The scan of a text as it is written finds the verdict of the finished text.
        #[test]
        fn verdict_equals_that_of_the_written_text(answer in answers()) {
            let mut output = b"before".to_vec();
            let verdict = write(&answer, &Context::default(), &mut output).unwrap();
            let text = output.strip_prefix(b"before").unwrap();
            prop_assert_eq!(text, serde_json::to_vec(&answer).unwrap());
            prop_assert_eq!(verdict, Verdict::from_output(text));
        }
    }
}
