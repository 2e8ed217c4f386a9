use serde_json::Value as Json;

use super::yaml_text::{plain, scalar as scalar_text};
use crate::documents::located::{Node, Origin, Value};

/// One thing that is not as expected.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// The path of the expectation in its case, such as `output.reason`.
    pub(crate) path: String,
    /// The place of the expectation.
    pub(crate) at: Origin,
    pub(crate) message: String,
}

/// All that is not as expected of one answer, one by one and as a diff.
#[derive(Debug, Default)]
pub(crate) struct Differences {
    all: Vec<Difference>,
    /// The lines of the diff, each of which begins with ` `, `-` (expected) or `+` (found).
    lines: Vec<String>,
    /// Whether the next line begins an element of a list.
    begins_element: bool,
}

#[derive(Clone, Copy)]
enum Sign {
    Same,
    Expected,
    Found,
}

/// The most characters of a value that a message quotes.
const MAX_QUOTED: usize = 200;

impl Differences {
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Difference> {
        self.all.iter()
    }

    /// The diff, a line of which is expected (`-`), found (`+`) or both.
    pub(crate) fn diff(&self) -> &[String] {
        &self.lines
    }

    /// Compares one value as a whole.
    pub(super) fn scalar(&mut self, path: &str, at: &Origin, expected: &str, found: &str) {
        if expected == found {
            return self.line(Sign::Same, 0, &format!("{path}: {}", plain(expected)));
        }
        self.line(Sign::Expected, 0, &format!("{path}: {}", plain(expected)));
        self.line(Sign::Found, 0, &format!("{path}: {}", plain(found)));
        let message = format!("the {path} is `{}`: expected `{}`", short(found), short(expected));
        self.differs(path, at, message);
    }

    /// Compares sets of checks: one that is missing has a place, one too many has that of the set.
    pub(super) fn set(
        &mut self,
        path: &str,
        at: &Origin,
        expected: &[(String, Origin)],
        found: &[String],
    ) {
        if expected.is_empty() && found.is_empty() {
            return self.line(Sign::Same, 0, &format!("{path}: []"));
        }
        if expected.is_empty() {
            self.line(Sign::Same, 0, &format!("{path}:"));
        }
        self.included(path, expected, found);
        for id in found.iter().filter(|id| expected.iter().all(|(known, _)| known != *id)) {
            self.line(Sign::Found, 1, &format!("- {}", plain(id)));
            self.differs(path, at, format!("check `{}` denies, which is not expected", short(id)));
        }
    }

    /// Compares with what must be among these.
    pub(super) fn included(&mut self, path: &str, included: &[(String, Origin)], found: &[String]) {
        if !included.is_empty() {
            self.line(Sign::Same, 0, &format!("{path}:"));
        }
        for (id, at) in included {
            if found.contains(id) {
                self.line(Sign::Same, 1, &format!("- {}", plain(id)));
            } else {
                self.line(Sign::Expected, 1, &format!("- {}", plain(id)));
                let message = format!("check `{}` does not deny: expected it to", short(id));
                self.differs(path, at, message);
            }
        }
    }

    /// Compares with what must not be among these.
    pub(super) fn excluded(&mut self, path: &str, excluded: &[(String, Origin)], found: &[String]) {
        for (id, at) in excluded.iter().filter(|(id, _)| found.contains(id)) {
            self.line(Sign::Found, 0, &format!("{path}: {}", plain(id)));
            self.differs(path, at, format!("check `{}` denies: expected it not to", short(id)));
        }
    }

    /// Compares a value with the part of it that is expected: of objects the keys that are named, of
    /// lists every element.
    pub(super) fn part(&mut self, path: &str, expected: &Node, found: Option<&Json>) {
        self.value(path, path, 0, expected, found);
    }

    fn value(
        &mut self,
        path: &str,
        key: &str,
        level: usize,
        expected: &Node,
        found: Option<&Json>,
    ) {
        let name =
            |text: &str| if key.is_empty() { text.to_owned() } else { format!("{key}: {text}") };
        match (&expected.value, found) {
            // It names no key, so any object will do; the values of a patch are whole.
            (Value::Table(entries), Some(Json::Object(fields)))
                if entries.is_empty() && path.starts_with("output") =>
            {
                let text = if fields.is_empty() { "{}" } else { "{…}" };
                self.line(Sign::Same, level, &name(text));
            }
            (Value::Table(entries), Some(Json::Object(fields))) if !entries.is_empty() => {
                let inner = if key.is_empty() {
                    level
                } else {
                    self.line(Sign::Same, level, &format!("{key}:"));
                    level + 1
                };
                for entry in entries {
                    let path = format!("{path}.{}", entry.key);
                    let found = fields.get(&entry.key);
                    self.value(&path, &plain(&entry.key), inner, &entry.value, found);
                }
            }
            (Value::List(elements), Some(Json::Array(found)))
                if !elements.is_empty() || !found.is_empty() =>
            {
                let inner = if key.is_empty() {
                    level
                } else {
                    self.line(Sign::Same, level, &format!("{key}:"));
                    level + 1
                };
                for (index, element) in elements.iter().enumerate() {
                    let path = format!("{path}[{index}]");
                    self.begins_element = true;
                    self.value(&path, "", inner + 1, element, found.get(index));
                    self.begins_element = false;
                }
                for (index, element) in found.iter().enumerate().skip(elements.len()) {
                    self.begins_element = true;
                    self.render(Sign::Found, "", inner + 1, element);
                    self.begins_element = false;
                    let message =
                        format!("`{path}[{index}]` is {}, which is not expected", quoted(element));
                    self.differs(path, &expected.at, message);
                }
            }
            _ => {
                let wanted = serde_json::from_str(&expected.to_json()).unwrap_or_default();
                match found {
                    Some(found) if is_equal(&wanted, found) => {
                        self.line(Sign::Same, level, &name(&scalar_text(found)));
                    }
                    found => {
                        let begins = self.begins_element;
                        self.render(Sign::Expected, key, level, &wanted);
                        let message = match found {
                            Some(found) => {
                                self.begins_element = begins;
                                self.render(Sign::Found, key, level, found);
                                let (found, wanted) = (quoted(found), quoted(&wanted));
                                format!("`{path}` is {found}: expected {wanted}")
                            }
                            None => format!("`{path}` is missing: expected {}", quoted(&wanted)),
                        };
                        self.differs(path, &expected.at, message);
                    }
                }
            }
        }
    }

    /// Writes a whole value.
    fn render(&mut self, sign: Sign, key: &str, level: usize, value: &Json) {
        let head =
            |text: &str| if key.is_empty() { text.to_owned() } else { format!("{key}: {text}") };
        let inner = if key.is_empty() { level } else { level + 1 };
        match value {
            Json::Object(fields) if !fields.is_empty() => {
                if !key.is_empty() {
                    self.line(sign, level, &format!("{key}:"));
                }
                for (key, value) in fields {
                    self.render(sign, &plain(key), inner, value);
                }
            }
            Json::Array(elements) if !elements.is_empty() => {
                if !key.is_empty() {
                    self.line(sign, level, &format!("{key}:"));
                }
                for element in elements {
                    self.begins_element = true;
                    self.render(sign, "", inner + 1, element);
                    self.begins_element = false;
                }
            }
            scalar => self.line(sign, level, &head(&scalar_text(scalar))),
        }
    }

    fn line(&mut self, sign: Sign, level: usize, text: &str) {
        let mut indent = "  ".repeat(level);
        if std::mem::take(&mut self.begins_element) && indent.len() >= 2 {
            indent.truncate(indent.len() - 2);
            indent.push_str("- ");
        }
        let sign = match sign {
            Sign::Same => ' ',
            Sign::Expected => '-',
            Sign::Found => '+',
        };
        self.lines.push(format!("{sign} {indent}{text}"));
    }

    pub(super) fn differs(&mut self, path: &str, at: &Origin, message: String) {
        self.all.push(Difference { path: path.to_owned(), at: at.clone(), message });
    }
}

/// Returns whether two values are the same; numbers by their value.
fn is_equal(one: &Json, other: &Json) -> bool {
    match (one, other) {
        (Json::Number(one), Json::Number(other)) if one.is_f64() || other.is_f64() => {
            one.as_f64() == other.as_f64()
        }
        _ => one == other,
    }
}

/// A value for a message, in backticks.
fn quoted(value: &Json) -> String {
    format!("`{}`", short(&value.to_string()))
}

fn short(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::{self, Source};

    fn node(yaml: &str) -> Node {
        let tree = documents::tree(&Source::new("a.yaml", yaml)).unwrap().unwrap();
        tree.placed(&|(line, column)| Origin::File { file: "a.yaml".into(), line, column })
    }

    fn compared(expected: &str, found: &str) -> (String, Vec<String>) {
        let mut differences = Differences::default();
        let found = serde_json::from_str(found).unwrap();
        differences.part("output", &node(expected), Some(&found));
        let told = differences.all.iter().map(|one| format!("{} {}", one.at, one.message));
        let told = told.collect();
        (differences.lines.join("\n"), told)
    }

    #[test]
    fn named_keys_alone_are_compared() {
        let (diff, told) =
            compared("{a: 1, b: {c: x}}", r#"{"a": 1.0, "b": {"c": "x", "d": 1}, "e": 2}"#);
        assert_eq!(diff, "  output:\n    a: 1.0\n    b:\n      c: x");
        assert!(told.is_empty(), "{told:?}");
    }

    #[test]
    fn object_of_no_named_key_is_any_object() {
        let (diff, told) = compared("{a: {}, b: {}}", r#"{"a": {"c": 1}, "b": {}}"#);
        assert_eq!((diff, told.len()), ("  output:\n    a: {…}\n    b: {}".to_owned(), 0));
        assert_eq!(compared("{a: {}}", r#"{"a": [1]}"#).1.len(), 1);
    }

    #[test]
    fn diff_shows_expected_and_found_beside_what_is_equal() {
        let (diff, told) = compared(
            "allowed: false\nreason: why\nmissing: {a: [1]}\nviolations:\n- check: a\n  field: x\n- check: b\n",
            r#"{"allowed": false, "reason": {"x": [true, {"z": null}]}, "violations": [
                {"check": "a", "field": "z", "message": ""}, {"check": "b"}, {"check": "c", "m": []}
            ]}"#,
        );
        let expected = "
  output:
    allowed: false
-   reason: why
+   reason:
+     x:
+       - true
+       - z: null
-   missing:
-     a:
-       - 1
    violations:
      - check: a
-       field: x
+       field: z
      - check: b
+     - check: c
+       m: []";
        assert_eq!(format!("\n{diff}"), expected);
        assert_eq!(
            told,
            [
                "a.yaml:2:9 `output.reason` is `{\"x\":[true,{\"z\":null}]}`: expected `\"why\"`",
                "a.yaml:3:10 `output.missing` is missing: expected `{\"a\":[1]}`",
                "a.yaml:6:10 `output.violations[0].field` is `\"z\"`: expected `\"x\"`",
                "a.yaml:5:1 `output.violations[2]` is `{\"check\":\"c\",\"m\":[]}`, which is not expected",
            ]
        );
    }

    #[test]
    fn lists_are_compared_whole() {
        for (expected, found, count) in [
            ("[]", "[]", 0),
            ("[]", "[1]", 1),
            ("[1, 2]", "[1]", 1),
            ("[1]", "{}", 1),
            ("{}", "{}", 0),
        ] {
            assert_eq!(compared(expected, found).1.len(), count, "{expected} {found}");
        }
    }
}
