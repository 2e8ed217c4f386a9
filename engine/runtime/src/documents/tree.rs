/// A value with the place of each of its parts, for what has to be pointed at later.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tree<P> {
    pub(crate) value: Value<P>,
    pub(crate) at: P,
}

/// A line and a column, both counted from 1.
pub(crate) type Position = (usize, usize);

/// The kinds of values.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<P> {
    Null,
    /// A boolean or a number, as JSON has it.
    Literal(String),
    Text(String),
    List(Vec<Tree<P>>),
    /// The entries, in the order of the text; no key is there twice.
    Table(Vec<TableEntry<P>>),
}

/// A key of a table, and what stands under it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TableEntry<P> {
    pub(crate) key: String,
    /// The key's own place.
    pub(crate) at: P,
    pub(crate) value: Tree<P>,
}

impl<P> Tree<P> {
    /// The value that a path such as `spec.containers[0].image` leads to.
    pub(crate) fn find(&self, path: &str) -> Option<&Self> {
        let path = path.strip_prefix('.').unwrap_or(path);
        if path.is_empty() {
            return Some(self);
        }
        match &self.value {
            Value::Null | Value::Literal(_) | Value::Text(_) => None,
            Value::List(elements) => {
                let (index, rest) = path.strip_prefix('[')?.split_once(']')?;
                elements.get(index.parse::<usize>().ok()?)?.find(rest)
            }
            // A key may itself hold dots, so each key that the path begins with is tried.
            Value::Table(entries) => entries.iter().find_map(|entry| {
                let rest = path.strip_prefix(entry.key.as_str())?;
                (rest.is_empty() || rest.starts_with(['.', '['])).then(|| entry.value.find(rest))?
            }),
        }
    }

    /// The value that a path leads to, or the last one on the way there: what is missing has no
    /// place of its own.
    pub(crate) fn nearest(&self, path: &str) -> &Self {
        let path = path.strip_prefix('.').unwrap_or(path);
        let next = match &self.value {
            Value::Null | Value::Literal(_) | Value::Text(_) => None,
            Value::List(elements) => path.strip_prefix('[').and_then(|path| {
                let (index, rest) = path.split_once(']')?;
                Some((elements.get(index.parse::<usize>().ok()?)?, rest))
            }),
            // Of two keys that the path begins with, one of which holds dots, the longer.
            Value::Table(entries) => entries
                .iter()
                .filter_map(|entry| {
                    let rest = path.strip_prefix(entry.key.as_str())?;
                    (rest.is_empty() || rest.starts_with(['.', '[']))
                        .then_some((&entry.value, rest))
                })
                .min_by_key(|(_, rest)| rest.len()),
        };
        next.map_or(self, |(value, rest)| value.nearest(rest))
    }

    /// Maps the places.
    pub(crate) fn placed<Q>(self, at: &impl Fn(P) -> Q) -> Tree<Q> {
        let value = match self.value {
            Value::Null => Value::Null,
            Value::Literal(json) => Value::Literal(json),
            Value::Text(text) => Value::Text(text),
            Value::List(elements) => {
                Value::List(elements.into_iter().map(|element| element.placed(at)).collect())
            }
            Value::Table(entries) => {
                let entries = entries.into_iter().map(|entry| TableEntry {
                    key: entry.key,
                    at: at(entry.at),
                    value: entry.value.placed(at),
                });
                Value::Table(entries.collect())
            }
        };
        Tree { value, at: at(self.at) }
    }

    /// Writes the value as JSON text, on one line.
    pub(crate) fn to_json(&self) -> String {
        let mut json = String::new();
        self.write_json(&mut json);
        json
    }

    fn write_json(&self, out: &mut String) {
        match &self.value {
            Value::Null => out.push_str("null"),
            Value::Literal(json) => out.push_str(json),
            Value::Text(text) => push_quoted(out, text),
            Value::List(elements) => {
                out.push('[');
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    element.write_json(out);
                }
                out.push(']');
            }
            Value::Table(entries) => {
                out.push('{');
                for (index, entry) in entries.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    push_quoted(out, &entry.key);
                    out.push(':');
                    entry.value.write_json(out);
                }
                out.push('}');
            }
        }
    }
}

fn push_quoted(out: &mut String, text: &str) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

impl<P> Value<P> {
    /// Converts JSON, every part of it with one place.
    pub(crate) fn from_json(json: &serde_json::Value, at: &P) -> Self
    where
        P: Clone,
    {
        use serde_json::Value as Json;
        let tree = |json| Tree { value: Self::from_json(json, at), at: at.clone() };
        match json {
            Json::Null => Self::Null,
            Json::Bool(_) | Json::Number(_) => Self::Literal(json.to_string()),
            Json::String(text) => Self::Text(text.clone()),
            Json::Array(elements) => Self::List(elements.iter().map(tree).collect()),
            Json::Object(fields) => {
                let entries = fields.iter().map(|(key, value)| TableEntry {
                    key: key.clone(),
                    at: at.clone(),
                    value: tree(value),
                });
                Self::Table(entries.collect())
            }
        }
    }
}
