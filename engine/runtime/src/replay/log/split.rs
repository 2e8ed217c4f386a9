use std::io::{self, Read};

use super::LogError;
use crate::documents::tree::Position;

/// Bytes that are handed out at once.
const CHUNK: usize = 256 << 10;

/// The longest event. Tests have no need to wait for longer ones.
const MAX_EVENT: usize = if cfg!(test) { 1 << 20 } else { 64 << 20 };

/// Events of a log that are looked at together.
#[derive(Debug)]
pub(in crate::replay) struct Chunk {
    text: Vec<u8>,
    events: Vec<(EventPlace, std::ops::Range<usize>)>,
}

impl Chunk {
    /// The events with their text, in the order of the log.
    pub(in crate::replay) fn events(&self) -> impl Iterator<Item = (EventPlace, &[u8])> {
        self.events
            .iter()
            .map(|(place, range)| (*place, self.text.get(range.clone()).unwrap_or_default()))
    }
}

/// The place of an event in its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::replay) struct EventPlace {
    /// Its number, counted from 1.
    pub(in crate::replay) number: u64,
    /// Line and column, counted from 1.
    pub(in crate::replay) place: Position,
}

/// Splits a log into events: a JSON object a line, as files have them, or JSON objects in arrays or
/// one after the other, as collectors get them.
///
/// A line that is no object does not hide the next one. Elsewhere nobody can tell what a broken event
/// takes with it, so that the rest of the log is not read.
pub(in crate::replay) struct Splitter<R> {
    log: String,
    from: R,
    /// Read, but not handed out.
    text: Vec<u8>,
    /// How many bytes of `text` were looked at.
    seen: usize,
    /// Complete events of `text`.
    events: Vec<(EventPlace, std::ops::Range<usize>)>,
    layout: Layout,
    event: Option<Begun>,
    /// The number of the last event.
    number: u64,
    /// The line that is looked at, and the bytes of it that were handed out.
    line: usize,
    line_start: LineStart,
    failed: Option<LogError>,
    ended: bool,
}

/// The arrangement of a log, known when its first event has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    Unknown,
    Lines,
    Values,
}

/// An event whose end was not seen.
#[derive(Debug, Clone, Copy)]
struct Begun {
    start: usize,
    place: Position,
    depth: usize,
    in_string: bool,
    escaped: bool,
}

/// The beginning of the current line.
#[derive(Debug, Clone, Copy)]
enum LineStart {
    InText(usize),
    /// So many bytes of it were handed out before.
    Before(usize),
}

impl LineStart {
    fn column(self, at: usize) -> usize {
        match self {
            Self::InText(start) => at - start + 1,
            Self::Before(bytes) => at + bytes + 1,
        }
    }

    fn cut(self, at: usize) -> Self {
        match self {
            Self::InText(start) if start >= at => Self::InText(start - at),
            Self::InText(start) => Self::Before(at - start),
            Self::Before(bytes) => Self::Before(bytes + at),
        }
    }
}

impl<R: Read> Splitter<R> {
    pub(in crate::replay) fn new(log: String, from: R) -> Self {
        Self {
            log,
            from,
            text: Vec::new(),
            seen: 0,
            events: Vec::new(),
            layout: Layout::Unknown,
            event: None,
            number: 0,
            line: 1,
            line_start: LineStart::InText(0),
            failed: None,
            ended: false,
        }
    }

    /// The next events; `None` at the end.
    ///
    /// # Errors
    /// The reason why there are no more, after all that could be read.
    pub(in crate::replay) fn next(&mut self) -> Result<Option<Chunk>, LogError> {
        while self.events.is_empty() && !self.ended {
            let read = self.read();
            self.look();
            match read {
                Ok(()) if self.ended => self.end(),
                Ok(()) => {}
                Err(error) => self.fail(LogError::Unreadable { log: self.log.clone(), error }),
            }
            if let Some(begun) = self.event
                && self.text.len() - begun.start > MAX_EVENT
            {
                let (log, place) = (self.log.clone(), begun.place);
                self.fail(LogError::TooLong { log, place, limit: MAX_EVENT });
            }
        }
        if !self.events.is_empty() {
            return Ok(Some(self.cut()));
        }
        self.failed.take().map_or(Ok(None), Err)
    }

    fn read(&mut self) -> io::Result<()> {
        let begin = self.text.len();
        let read = (&mut self.from).take(CHUNK as u64).read_to_end(&mut self.text);
        if begin == 0 && self.number == 0 && self.text.starts_with(b"\xef\xbb\xbf") {
            self.seen = 3;
            self.line_start = LineStart::InText(3);
        }
        self.ended = read? < CHUNK;
        Ok(())
    }

    fn fail(&mut self, error: LogError) {
        self.failed.get_or_insert(error);
        self.ended = true;
        self.event = None;
    }

    /// Looks at what was read last.
    fn look(&mut self) {
        let text = std::mem::take(&mut self.text);
        let mut at = self.seen;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty())
            && self.failed.is_none()
        {
            at += match (self.event, self.layout) {
                (None, _) => self.look_between(at, rest),
                (Some(begun), Layout::Lines) => self.look_for_line_end(begun, at, rest),
                (Some(begun), Layout::Unknown | Layout::Values) => {
                    self.look_for_value_end(begun, at, rest)
                }
            };
        }
        self.seen = text.len();
        self.text = text;
    }

    /// Looks at one byte between events. Each of these gives how many bytes it has passed.
    fn look_between(&mut self, at: usize, rest: &[u8]) -> usize {
        let is_first = self.number == 0 && self.layout == Layout::Unknown;
        match rest.first() {
            Some(b'\n') => {
                if self.number == 1 && self.layout == Layout::Unknown {
                    self.layout = Layout::Lines;
                }
                self.end_line(at);
            }
            Some(byte) if byte.is_ascii_whitespace() => {}
            Some(_) if self.layout == Layout::Lines => self.begin(at),
            Some(b'{') => {
                if !is_first {
                    self.layout = Layout::Values;
                }
                self.begin(at);
            }
            Some(b'[' | b']' | b',') => self.layout = Layout::Values,
            _ if is_first => {
                self.layout = Layout::Lines;
                self.begin(at);
            }
            _ => {
                let place = (self.line, self.line_start.column(at));
                self.fail(LogError::NoEvent { log: self.log.clone(), place });
            }
        }
        1
    }

    fn look_for_line_end(&mut self, begun: Begun, at: usize, rest: &[u8]) -> usize {
        match rest.iter().position(|byte| *byte == b'\n') {
            Some(length) => {
                self.complete(begun, at + length);
                length
            }
            None => rest.len(),
        }
    }

    fn look_for_value_end(&mut self, mut begun: Begun, at: usize, rest: &[u8]) -> usize {
        for (passed, byte) in rest.iter().enumerate() {
            if begun.in_string {
                match byte {
                    _ if begun.escaped => begun.escaped = false,
                    b'\\' => begun.escaped = true,
                    b'"' => begun.in_string = false,
                    // JSON has no such string: it is the rest of a line.
                    b'\n' if self.layout == Layout::Unknown => {
                        self.layout = Layout::Lines;
                        self.complete(begun, at + passed);
                        return passed;
                    }
                    b'\n' => self.end_line(at + passed),
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => begun.in_string = true,
                b'{' | b'[' => begun.depth += 1,
                b'}' | b']' => {
                    begun.depth -= 1;
                    if begun.depth == 0 {
                        self.complete(begun, at + passed + 1);
                        return passed + 1;
                    }
                }
                b'\n' => {
                    self.layout = Layout::Values;
                    self.end_line(at + passed);
                }
                _ => {}
            }
        }
        self.event = Some(begun);
        rest.len()
    }

    fn end_line(&mut self, at: usize) {
        self.line += 1;
        self.line_start = LineStart::InText(at + 1);
    }

    fn begin(&mut self, start: usize) {
        let place = (self.line, self.line_start.column(start));
        self.event = Some(Begun { start, place, depth: 1, in_string: false, escaped: false });
    }

    fn complete(&mut self, begun: Begun, end: usize) {
        self.number += 1;
        let place = EventPlace { number: self.number, place: begun.place };
        self.events.push((place, begun.start..end));
        self.event = None;
    }

    /// Nothing follows.
    fn end(&mut self) {
        let Some(begun) = self.event else { return };
        match self.layout {
            Layout::Lines => self.complete(begun, self.text.len()),
            Layout::Unknown | Layout::Values => {
                let (log, place) = (self.log.clone(), begun.place);
                self.fail(LogError::Unfinished { log, place });
            }
        }
    }

    /// Hands out the complete events, and keeps what follows them.
    fn cut(&mut self) -> Chunk {
        let end = self.event.map_or(self.seen, |begun| begun.start);
        let rest = self.text.get(end..).unwrap_or_default().to_vec();
        let mut text = std::mem::replace(&mut self.text, rest);
        text.truncate(end);
        self.seen -= end;
        self.line_start = self.line_start.cut(end);
        if let Some(begun) = &mut self.event {
            begun.start = 0;
        }
        Chunk { text, events: std::mem::take(&mut self.events) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A reader that gives so many bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(self.0.len()).min(buffer.len());
            let (read, rest) = self.0.split_at(length);
            buffer[..length].copy_from_slice(read);
            self.0 = rest;
            Ok(length)
        }
    }

    fn split(text: &str) -> (Vec<(EventPlace, String)>, Option<String>) {
        let mut splitter = Splitter::new("log".to_owned(), Slow(text.as_bytes(), 7));
        let mut all = Vec::new();
        loop {
            match splitter.next() {
                Ok(Some(chunk)) => all.extend(chunk.events().map(|(place, text)| {
                    (place, String::from_utf8(text.trim_ascii().to_vec()).unwrap())
                })),
                Ok(None) => return (all, None),
                Err(error) => return (all, Some(error.to_string())),
            }
        }
    }

    fn texts(text: &str) -> Vec<String> {
        let (events, error) = split(text);
        assert_eq!(error, None, "{text}");
        events.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn events_stand_on_lines_in_arrays_and_behind_one_another() {
        for text in [
            "{\"a\":\"}\"}\n{\"b\":[{}]}\n",
            "{\"a\":\"}\"}\r\n\n {\"b\":[{}]}",
            "\u{feff}{\"a\":\"}\"}\n{\"b\":[{}]}",
            "[{\"a\":\"}\"},{\"b\":[{}]}]",
            "[{\"a\":\"}\"}]\n[{\"b\":[{}]}]\n[]",
            " [\n{\"a\":\"}\"},\n{\"b\":[{}]}\n]\n",
            "{\"a\":\"}\"}{\"b\":[{}]}",
            "{\"a\":\"}\"} {\"b\":[{}]}",
        ] {
            assert_eq!(texts(text), ["{\"a\":\"}\"}", "{\"b\":[{}]}"], "{text}");
        }
        let pretty = "{\n  \"a\": \"\\\"}\"\n}\n{\n  \"b\": 1\n}\n";
        assert_eq!(texts(pretty), ["{\n  \"a\": \"\\\"}\"\n}", "{\n  \"b\": 1\n}"]);
        assert!(texts("").is_empty() && texts(" \n[]\n").is_empty());
    }

    #[test]
    fn broken_line_does_not_hide_the_next_one() {
        for text in ["{\"a\":\"x\n{}\n", "rest\"}\n{}\n", "{}\n{\"a\":[{\n{}\n"] {
            assert_eq!(texts(text).last().unwrap(), "{}", "{text}");
        }
    }

    #[test]
    fn rest_of_an_array_is_not_read_behind_what_is_no_event() {
        for (text, count, problem) in [
            (
                "[{},7,{}]",
                1,
                "`log` line 1 column 5: expected an event, which is a JSON object; the rest of the log is not read",
            ),
            (
                "[{},\n {\"a\":{}",
                1,
                "`log` line 2 column 2: the log ends within an event that begins here",
            ),
        ] {
            let (events, error) = split(text);
            assert_eq!((events.len(), error.as_deref()), (count, Some(problem)));
        }
    }

    #[test]
    fn unreadable_rest_is_told_after_what_could_be_read() {
        let gzip = {
            use std::io::Write;
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all("{\"a\":1}\n".repeat(100_000).as_bytes()).unwrap();
            encoder.finish().unwrap()
        };
        let cut = &gzip[..gzip.len() / 2];
        let mut splitter = Splitter::new("log".to_owned(), flate2::read::MultiGzDecoder::new(cut));
        let mut count = 0;
        let error = loop {
            match splitter.next() {
                Ok(Some(chunk)) => {
                    for (_, text) in chunk.events() {
                        assert_eq!(text, b"{\"a\":1}");
                        count += 1;
                    }
                }
                Ok(None) => panic!("the log is cut"),
                Err(error) => break error.to_string(),
            }
        };
        assert!(count > 10_000, "{count}");
        assert!(error.starts_with("failed to read `log`: "), "{error}");
        assert!(splitter.next().unwrap().is_none());
    }

    #[test]
    fn endless_event_takes_bounded_memory() {
        for layout in ["{\"a\":\"", "{}\n{"] {
            let endless = layout.as_bytes().chain(io::repeat(b'x'));
            let mut splitter = Splitter::new("log".to_owned(), endless);
            let error = loop {
                match splitter.next() {
                    Ok(chunk) => assert!(chunk.is_some()),
                    Err(error) => break error.to_string(),
                }
            };
            assert!(error.contains("an event is longer than 1048576 bytes"), "{error}");
            assert!(splitter.text.capacity() < 3 * MAX_EVENT);
        }
    }

    proptest! {
        #[test]
        fn places_and_texts_are_those_of_the_log(
            values in proptest::collection::vec("[a-z\\\\\"{}\\[\\],é\n]{0,9}", 1..9),
            layout in 0..4,
        ) {
            let events: Vec<_> =
                values.iter().map(|value| serde_json::json!({"a": [value]})).collect();
            let text = match layout {
                0 => events.iter().fold(String::new(), |text, event| text + &event.to_string() + "\n"),
                1 => serde_json::to_string(&events).unwrap(),
                2 => serde_json::to_string_pretty(&events).unwrap(),
                _ => events.iter().fold(String::new(), |text, event| text + &format!("{event:#} ")),
            };
            let (split, error) = split(&text);
            prop_assert_eq!(error, None);
            prop_assert_eq!(split.len(), events.len());
            for (number, ((at, found), event)) in split.iter().zip(&events).enumerate() {
                prop_assert_eq!(at.number, number as u64 + 1);
                prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(found).unwrap(), event);
                let (line, column) = at.place;
                let line = text.split('\n').nth(line - 1).unwrap();
                let there = line.get(column - 1..).unwrap();
                prop_assert!(there.starts_with('{'), "{}", there);
            }
        }

        #[test]
        fn any_text_is_split_without_panic(text in "[{}\\[\\]\",a\\\\\n ]{0,40}") {
            let (events, _) = split(&text);
            prop_assert!(events.len() <= text.len());
        }
    }
}
