//! The inputs of cases: as they are, of a file, or a review of objects.

use serde_json::{Map, Value as Json};

use super::reader::{Reader, Reported};
use crate::documents::located::{Node, Origin, Value};
use crate::suites::fields::{Fields, wrong};
use crate::suites::input::{Input, Part};
use crate::suites::review::{Operation, Review};

impl Reader<'_> {
    pub(super) fn input(&mut self, fields: &mut Fields) -> Option<Input> {
        let before = self.errors.len();
        let inline = fields.take_any("input");
        let file = fields.text("file", &mut self.errors);
        let object = fields.take("object");
        let old_object = fields.take("oldObject");
        let operation = fields.text("operation", &mut self.errors);
        let request = fields.take("request");
        let document = fields.take("document");
        if self.errors.len() > before {
            return None;
        }
        let is_review = object.is_some() || old_object.is_some();
        let given: Vec<_> = [
            ("input", inline.is_some()),
            ("file", file.is_some()),
            (if object.is_some() { "object" } else { "oldObject" }, is_review),
        ]
        .into_iter()
        .filter(|(_, is_given)| *is_given)
        .map(|(key, _)| format!("`{key}`"))
        .collect();
        let at = fields.at.clone();
        match given.as_slice() {
            [_] => {}
            [] => {
                let message = "has no input: expected `input`, `file` or `object`";
                self.error(&at, format_args!("the case {message}"));
                return None;
            }
            several => {
                let several = several.join(" and ");
                self.error(&at, format_args!("the case has {several}: expected one of them"));
                return None;
            }
        }
        if !is_review {
            for (key, node) in [
                ("operation", operation.map(|(_, at)| at)),
                ("request", request.map(|node| node.at)),
            ] {
                if let Some(at) = node {
                    let path = fields.path_of(key);
                    self.error(
                        &at,
                        format_args!("`{path}` is of a review: expected `object`, too"),
                    );
                    return None;
                }
            }
            let document = self.document(fields, document.as_ref(), file.is_some()).ok()?;
            return Some(Input::of_part(match (inline, file) {
                (Some(node), _) => Part::Inline(node),
                (None, Some((named, at))) => self.file(&named, &at, document)?,
                (None, None) => return None,
            }));
        }
        let is_file = |node: &Node| matches!(node.value, Value::Text(_));
        let has_documents = object.as_ref().is_some_and(is_file);
        let document = self.document(fields, document.as_ref(), has_documents).ok()?;
        let operation = self.operation(fields, operation, object.is_some(), old_object.is_some());
        let request = self.request(fields, request);
        let object = object.map(|node| self.object(fields, "object", node, document));
        let old_object = old_object.map(|node| self.object(fields, "oldObject", node, None));
        let review = Review { operation: operation?, request: request? };
        let object = object.map_or(Some(None), |part| part.map(Some))?;
        let old_object = old_object.map_or(Some(None), |part| part.map(Some))?;
        Some(Input::of_review(review, object, old_object))
    }

    /// The number of a document, counted from 0. It is `None` within where none is given.
    fn document(
        &mut self,
        fields: &Fields,
        node: Option<&Node>,
        of_file: bool,
    ) -> Result<Option<usize>, Reported> {
        let Some(node) = node else { return Ok(None) };
        let path = fields.path_of("document");
        if !of_file {
            self.error(&node.at, format_args!("`{path}` is of a file, and the case names none"));
            return Err(Reported);
        }
        let number = match &node.value {
            Value::Literal(text) => text.parse::<usize>().ok().filter(|number| *number > 0),
            _ => None,
        };
        if number.is_none() {
            self.errors.push(wrong(&path, node, "a whole number from 1"));
        }
        number.map(|number| Some(number - 1)).ok_or(Reported)
    }

    /// The operation of a review, which needs its objects.
    fn operation(
        &mut self,
        fields: &Fields,
        named: Option<(String, Origin)>,
        object: bool,
        old_object: bool,
    ) -> Option<Operation> {
        let Some((text, at)) = named else {
            return Some(Operation::of_objects(object, old_object));
        };
        let path = fields.path_of("operation");
        let Some(operation) = Operation::parse(&text) else {
            let expected = "expected `CREATE`, `UPDATE`, `DELETE` or `CONNECT`";
            self.error(&at, format_args!("`{path}` is `{text}`: {expected}"));
            return None;
        };
        if operation.objects() == (object, old_object) {
            return Some(operation);
        }
        let expected = match operation.objects() {
            (true, true) => "`object` and `oldObject`",
            (true, false) => "`object` alone",
            (false, _) => "`oldObject` alone",
        };
        self.error(&at, format_args!("an API server sends `{operation}` with {expected}"));
        None
    }

    /// Other fields of a review's request.
    fn request(&mut self, fields: &Fields, node: Option<Node>) -> Option<Map<String, Json>> {
        let Some(node) = node else { return Some(Map::new()) };
        let path = fields.path_of("request");
        let Value::Table(entries) = &node.value else {
            self.errors.push(wrong(&path, &node, "a table of fields"));
            return None;
        };
        for entry in entries {
            if Review::OWN_FIELDS.contains(&entry.key.as_str()) {
                let key = &entry.key;
                self.error(&entry.at, format_args!("`{path}.{key}`: write `{key}` in the case"));
                return None;
            }
        }
        serde_json::from_str(&node.to_json()).ok()
    }

    fn object(
        &mut self,
        fields: &Fields,
        key: &str,
        node: Node,
        document: Option<usize>,
    ) -> Option<Part> {
        match &node.value {
            Value::Table(_) => Some(Part::Inline(node)),
            Value::Text(named) if !named.is_empty() => {
                let (named, at) = (named.clone(), node.at);
                self.file(&named, &at, document)
            }
            _ => {
                let path = fields.path_of(key);
                self.errors.push(wrong(&path, &node, "an object, or the path of a file"));
                None
            }
        }
    }
}
