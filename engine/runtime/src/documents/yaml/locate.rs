use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::{Location, Spanned};

use super::read;

/// The line and column, both counted from 1, at which the value of this path stands in a document.
///
/// Only what went wrong is looked for, so the document is read once more rather than every place
/// kept of every document.
pub(in crate::documents) fn locate(text: &str, path: &str) -> Option<(usize, usize)> {
    let root = read(text, |deserializer| Spanned::<Node>::deserialize(deserializer)).ok()?;
    find(&root, path)
}

/// A document's structure with the places of its values.
enum Node {
    Sequence(Vec<Spanned<Node>>),
    Mapping(Vec<(String, Spanned<Node>)>),
    Scalar,
}

pub(super) fn line_and_column(at: Location) -> (usize, usize) {
    let number = |count| usize::try_from(count).unwrap_or(usize::MAX);
    (number(at.line()), number(at.column()))
}

/// The place of the value that a path such as `spec.containers[0].image` leads to.
fn find(node: &Spanned<Node>, path: &str) -> Option<(usize, usize)> {
    let path = path.strip_prefix('.').unwrap_or(path);
    if path.is_empty() {
        return Some(line_and_column(node.referenced));
    }
    match &node.value {
        Node::Scalar => None,
        Node::Sequence(elements) => {
            let (index, rest) = path.strip_prefix('[')?.split_once(']')?;
            find(elements.get(index.parse::<usize>().ok()?)?, rest)
        }
        // A key may itself hold dots, so each key that the path begins with is tried.
        Node::Mapping(entries) => entries.iter().find_map(|(key, value)| {
            let rest = path.strip_prefix(key.as_str())?;
            (rest.is_empty() || rest.starts_with(['.', '['])).then(|| find(value, rest))?
        }),
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

macro_rules! scalars {
    ($($visit:ident($kind:ty)),+ $(,)?) => {$(
        fn $visit<E: serde::de::Error>(self, _: $kind) -> Result<Node, E> {
            Ok(Node::Scalar)
        }
    )+};
}

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    scalars! {
        visit_bool(bool), visit_i64(i64), visit_i128(i128), visit_u64(u64), visit_u128(u128),
        visit_f64(f64), visit_str(&str),
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Node, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = sequence.next_element()? {
            elements.push(element);
        }
        Ok(Node::Sequence(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut mapping: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = mapping.next_entry()? {
            entries.push(entry);
        }
        Ok(Node::Mapping(entries))
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
}
