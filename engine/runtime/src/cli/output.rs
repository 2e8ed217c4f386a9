//! The output that several commands share.

use std::io::{self, Write};

use comfy_table::{Table, presets};
use policy_text::{escape, escape_json};
use serde::Serialize;

/// Standard output, for what may quote others: what a terminal would act on is written as JSON
/// does it, which in JSON says the same. Each write must be of whole characters, as of text.
pub(super) struct Plain<W>(W);

impl<W: Write> Plain<W> {
    pub(super) fn new(out: W) -> Self {
        Self(out)
    }
}

impl<W: Write> Write for Plain<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_all(escape_json(&String::from_utf8_lossy(bytes)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// A table for people: columns set apart by space, with nothing drawn.
pub(super) fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header);
    let escaped = |cell: String| escape(&cell).into_owned();
    table.add_rows(rows.into_iter().map(|row| row.into_iter().map(escaped).collect::<Vec<_>>()));
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// JSON laid out for people to read, with a final line break.
pub(super) fn pretty_json(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_control_characters_are_escaped() {
        let mut out = Plain::new(Vec::new());
        let value = serde_json::json!({"a": "\u{1b}[2J\u{9b}\u{202e}ü"});
        pretty_json(&value, &mut out).unwrap();
        let text = String::from_utf8(out.0).unwrap();
        assert_eq!(text, "{\n  \"a\": \"\\u001b[2J\\u009b\\u202eü\"\n}\n");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
        let rows = [vec!["a\u{202e}".to_owned()]];
        assert_eq!(table(&["ONE"], rows), "ONE\na\\u{202e}\n");
    }

    #[test]
    fn tables_are_aligned_and_have_no_trailing_space() {
        let rows =
            [vec!["a".to_owned(), "x\ny".to_owned()], vec!["long".to_owned(), String::new()]];
        assert_eq!(table(&["ONE", "TWO"], rows), "ONE   TWO\na     x\n      y\nlong\n");
    }
}
