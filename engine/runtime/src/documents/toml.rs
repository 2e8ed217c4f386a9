use std::cell::Cell;

use toml_edit::{Document, InlineTable, Item, Table, Value as TomlValue};

use super::DocumentError;
use super::tree::{Position, TableEntry, Tree, Value};

/// A TOML text with the places of its values. What JSON does not have is text: dates and times.
pub(super) fn tree(text: &str) -> Result<Tree<Position>, DocumentError> {
    let lines = LineIndex::new(text);
    let document = Document::parse(text).map_err(|error| DocumentError {
        message: match error.message().trim() {
            "recursion limit" | "cannot recurse further; max recursion depth met" => {
                "nested deeper than is read of TOML, which is 80 levels".to_owned()
            }
            message => message.replace('\n', ", "),
        },
        place: error.span().map(|span| lines.place(span.start)),
    })?;
    lines.table(document.as_table(), (1, 1))
}

/// The positions at which the lines of a text begin.
struct LineIndex<'a> {
    text: &'a str,
    starts: Vec<usize>,
    /// The last offset that was looked for and its column, so that a long line is read once.
    last: Cell<(usize, usize)>,
}

impl<'a> LineIndex<'a> {
    fn new(text: &'a str) -> Self {
        let starts =
            std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts, last: Cell::new((0, 1)) }
    }

    fn place(&self, offset: usize) -> Position {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let (from, column) = match self.last.get() {
            last @ (at, _) if (start..=offset).contains(&at) => last,
            _ => (start, 1),
        };
        let between = self.text.get(from..offset).unwrap_or_default();
        let column = column + between.chars().count();
        self.last.set((offset, column));
        (line, column)
    }

    fn item(&self, item: &Item, key: Position) -> Result<Tree<Position>, DocumentError> {
        let at = item.span().map_or(key, |span| self.place(span.start));
        match item {
            Item::None => Ok(Tree { value: Value::Null, at }),
            Item::Value(value) => self.value(value, at),
            Item::Table(table) => self.table(table, at),
            Item::ArrayOfTables(tables) => {
                let tables = tables.iter().map(|table| {
                    self.table(table, table.span().map_or(at, |span| self.place(span.start)))
                });
                Ok(Tree { value: Value::List(tables.collect::<Result<_, _>>()?), at })
            }
        }
    }

    fn table(&self, table: &Table, at: Position) -> Result<Tree<Position>, DocumentError> {
        let entries = table.iter().map(|(key, item)| {
            let at = self.key(table.key(key), at);
            Ok(TableEntry { key: key.to_owned(), at, value: self.item(item, at)? })
        });
        Ok(Tree { value: Value::Table(entries.collect::<Result<_, _>>()?), at })
    }

    fn inline(&self, table: &InlineTable, at: Position) -> Result<Tree<Position>, DocumentError> {
        let entries = table.iter().map(|(key, value)| {
            let at = self.key(table.key(key), at);
            let value_at = value.span().map_or(at, |span| self.place(span.start));
            Ok(TableEntry { key: key.to_owned(), at, value: self.value(value, value_at)? })
        });
        Ok(Tree { value: Value::Table(entries.collect::<Result<_, _>>()?), at })
    }

    fn key(&self, key: Option<&toml_edit::Key>, otherwise: Position) -> Position {
        key.and_then(toml_edit::Key::span).map_or(otherwise, |span| self.place(span.start))
    }

    fn value(&self, value: &TomlValue, at: Position) -> Result<Tree<Position>, DocumentError> {
        let value = match value {
            TomlValue::String(text) => Value::Text(text.value().clone()),
            TomlValue::Integer(number) => Value::Literal(number.value().to_string()),
            TomlValue::Float(number) => {
                let number = number.value();
                let json = serde_json::Number::from_f64(*number).ok_or_else(|| DocumentError {
                    message: format!("JSON has no number `{number}`"),
                    place: Some(at),
                })?;
                Value::Literal(json.to_string())
            }
            TomlValue::Boolean(value) => Value::Literal(value.value().to_string()),
            TomlValue::Datetime(time) => Value::Text(time.value().to_string()),
            TomlValue::Array(elements) => {
                let elements = elements.iter().map(|element| {
                    self.value(element, element.span().map_or(at, |span| self.place(span.start)))
                });
                Value::List(elements.collect::<Result<_, _>>()?)
            }
            TomlValue::InlineTable(table) => return self.inline(table, at),
        };
        Ok(Tree { value, at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn place(text: &str, path: &str) -> Position {
        tree(text).unwrap().find(path).unwrap().at
    }

    #[test]
    fn values_keep_their_order_and_positions() {
        let text = "z = 1 # é\na.b = [true,\n  'x']\n[t]\nd = 1979-05-27\n[[l]]\nf = 1.5\n\
                    [[l]]\n\"é\" = { f = 2 }\n";
        assert_eq!(
            tree(text).unwrap().to_json(),
            r#"{"z":1,"a":{"b":[true,"x"]},"t":{"d":"1979-05-27"},"l":[{"f":1.5},{"é":{"f":2}}]}"#
        );
        assert_eq!(place(text, "z"), (1, 5));
        assert_eq!(place(text, "a"), (2, 1));
        assert_eq!(place(text, "a.b[1]"), (3, 3));
        assert_eq!(place(text, "t.d"), (5, 5));
        assert_eq!(place(text, "l[1]"), (8, 1));
        assert_eq!(place(text, "l[1].é.f"), (9, 13));
    }

    #[test]
    fn errors_have_their_position() {
        for (text, message) in [
            ("a = 1\na = 2\n", "line 2 column 1: duplicate key"),
            ("a = \n", "line 1 column 5: string values must be quoted, expected literal string"),
            ("a = nan\n", "line 1 column 5: JSON has no number `NaN`"),
        ] {
            assert_eq!(tree(text).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn depth_is_limited() {
        let keys = "a.".repeat(50_000) + "a = 1";
        for text in [keys, format!("a = {}", "[".repeat(50_000))] {
            let error = tree(&text).unwrap_err().to_string();
            assert!(
                error.ends_with("nested deeper than is read of TOML, which is 80 levels"),
                "{error}"
            );
        }
    }

    #[test]
    fn long_line_is_scanned_once() {
        let text = format!("a = [{}]", "1,".repeat(500_000));
        assert_eq!(place(&text, "a[499999]"), (1, 1_000_004));
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in r#"[\[\]{}a=.,"'1 \n#é-]{0,60}"#) {
            let _ = tree(&text);
        }
    }
}
