//! What several commands print alike.

use std::io::{self, Write};

use comfy_table::{Table, presets};
use serde::Serialize;

/// A table for people: columns set apart by space, with nothing drawn.
pub(super) fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header);
    table.add_rows(rows);
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
    fn tables_are_aligned_and_have_no_trailing_space() {
        let rows =
            [vec!["a".to_owned(), "x\ny".to_owned()], vec!["long".to_owned(), String::new()]];
        assert_eq!(table(&["ONE", "TWO"], rows), "ONE   TWO\na     x\n      y\nlong\n");
    }
}
