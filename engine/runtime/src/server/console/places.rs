//! The lines of an input that violations come from.

use policy_console::{Line, MarkedText, Violation};

use crate::documents::tree::{Position, Tree, Value};
use crate::documents::{Source, documents};
use crate::policies::reasons;

/// The most that is shown of a text: lines, bytes, and characters of one line.
const MAX_LINES: usize = 2_000;
const MAX_BYTES: usize = 512 << 10;
const MAX_LINE: usize = 2_000;

/// The most violations that are shown of a denial.
const MAX_VIOLATIONS: usize = 500;

/// No places are looked for in longer texts: the tree of one takes many times its bytes.
const MAX_READ: usize = 4 << 20;

/// The objects that a path may begin in: the object of an `AdmissionReview`, or the input itself.
const ROOTS: [&[&str]; 3] = [&["request", "object"], &["request", "oldObject"], &[]];

/// The places of an input's parts in its text.
pub(super) struct Places(Option<Tree<Position>>);

impl Places {
    /// The places in the first document of a text.
    pub(super) fn read(text: &str) -> Self {
        if text.len() > MAX_READ {
            return Self(None);
        }
        let source = Source::new("input", text);
        let document = documents(&source).next().and_then(Result::ok);
        Self(document.and_then(|document| document.places()))
    }

    /// The line of what a path leads to, from 1: of the last key or element on the way, where there
    /// is not all of it. The path is one such as `spec.containers[0].image` or `labels[a.b/c]`, or a
    /// JSON pointer.
    pub(super) fn line(&self, field: &str) -> Option<usize> {
        let root = self.0.as_ref()?;
        let steps = ROOTS.iter().filter_map(|keys| {
            let start = keys.iter().try_fold(Step::at(root), |step, key| step.child(key))?;
            Some(if field.starts_with('/') { start.pointer(field) } else { start.path(field) })
        });
        steps.min_by_key(|(_, left)| *left).map(|(step, _)| step.line)
    }
}

/// The first violations in a denial's output, with the lines that they come from, and the number of
/// those that are left out.
pub(super) fn violations(output: &str, places: &Places) -> (Vec<Violation>, usize) {
    let mut reasons = reasons(output).into_iter();
    let violations = reasons.by_ref().take(MAX_VIOLATIONS).map(|reason| Violation {
        line: reason.field.as_deref().and_then(|field| places.line(field)),
        check: reason.check,
        field: reason.field,
        message: reason.message,
    });
    (violations.collect(), reasons.count())
}

/// A text with violations beside its lines.
pub(super) fn marked(text: &str, violations: &[Violation]) -> MarkedText {
    let mut marked = MarkedText::default();
    let mut bytes = 0;
    let mut lines = text.lines();
    for line in lines.by_ref() {
        bytes += line.len().min(MAX_LINE);
        if marked.lines.len() == MAX_LINES || bytes > MAX_BYTES {
            marked.omitted_lines = 1 + lines.count();
            break;
        }
        let text = match line.char_indices().nth(MAX_LINE).and_then(|(end, _)| line.get(..end)) {
            Some(start) => format!("{start}…"),
            None => line.to_owned(),
        };
        marked.lines.push(Line { text, violations: Vec::new() });
    }
    for (index, violation) in violations.iter().enumerate() {
        let line = violation.line.and_then(|line| marked.lines.get_mut(line.checked_sub(1)?));
        if let Some(line) = line {
            line.violations.push(index);
        }
    }
    marked
}

/// A value on the way to another, and the line of its key.
#[derive(Clone, Copy)]
struct Step<'a> {
    tree: &'a Tree<Position>,
    line: usize,
}

impl<'a> Step<'a> {
    fn at(tree: &'a Tree<Position>) -> Self {
        Self { tree, line: tree.at.0 }
    }

    /// The value of a key, or the element of an index.
    fn child(self, key: &str) -> Option<Self> {
        match &self.tree.value {
            Value::Null | Value::Literal(_) | Value::Text(_) => None,
            Value::List(elements) => elements.get(key.parse::<usize>().ok()?).map(Self::at),
            Value::Table(entries) => entries
                .iter()
                .find(|entry| entry.key == key)
                .map(|entry| Self { tree: &entry.value, line: entry.at.0 }),
        }
    }

    /// The last value on the way of a path, and the bytes of the path that lead to none.
    fn path(self, path: &str) -> (Self, usize) {
        let mut step = self;
        let mut rest = path.strip_prefix('$').unwrap_or(path);
        loop {
            rest = rest.strip_prefix('.').unwrap_or(rest);
            match step.next(rest) {
                Some((next, left)) => (step, rest) = (next, left),
                None => return (step, rest.len()),
            }
        }
    }

    /// The value of the first key or index of a path, and the rest of the path.
    fn next(self, path: &str) -> Option<(Self, &str)> {
        let is_end = |rest: &str| rest.is_empty() || rest.starts_with(['.', '[']);
        match &self.tree.value {
            Value::Null | Value::Literal(_) | Value::Text(_) => None,
            Value::List(_) => {
                let (index, rest) = match path.strip_prefix('[') {
                    Some(path) => path.split_once(']')?,
                    None => path.split_at_checked(path.find(['.', '[']).unwrap_or(path.len()))?,
                };
                Some((self.child(index)?, rest))
            }
            // Keys may hold dots and brackets: the longest that the path begins with is meant.
            Value::Table(entries) => entries
                .iter()
                .filter_map(|entry| {
                    let key = entry.key.as_str();
                    let plain = || path.strip_prefix(key).filter(|_| !key.is_empty());
                    let bracketed = || {
                        let inner = path.strip_prefix('[')?;
                        ["", "\"", "'"].iter().find_map(|quote| {
                            inner
                                .strip_prefix(quote)?
                                .strip_prefix(key)?
                                .strip_prefix(quote)?
                                .strip_prefix(']')
                        })
                    };
                    let rest = plain().filter(|rest| is_end(rest)).or_else(bracketed)?;
                    Some((Self { tree: &entry.value, line: entry.at.0 }, rest))
                })
                .min_by_key(|(_, rest)| rest.len()),
        }
    }

    /// The same of a JSON pointer.
    fn pointer(self, pointer: &str) -> (Self, usize) {
        let mut step = self;
        let mut left = pointer.len();
        for segment in pointer.split('/').skip(1) {
            let Some(next) = step.child(&segment.replace("~1", "/").replace("~0", "~")) else {
                break;
            };
            step = next;
            left -= segment.len() + 1;
        }
        (step, left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const POD: &str = "\
# A pod.
kind: Pod
metadata:
  annotations:
    seccomp.security.alpha.kubernetes.io/pod: unconfined
    a.b: {c: 1}
spec:
  containers:
    - name: a
    - name: b
      securityContext:
        privileged: true
      args: [x,
        y]
";

    fn line(text: &str, field: &str) -> Option<usize> {
        Places::read(text).line(field)
    }

    #[test]
    fn violations_beyond_the_first_are_counted() {
        let all = vec![r#"{"message":"no"}"#; MAX_VIOLATIONS + 7].join(",");
        let output = format!(r#"{{"allowed":false,"violations":[{all}]}}"#);
        let (first, omitted) = violations(&output, &Places::read(""));
        assert_eq!((first.len(), omitted), (MAX_VIOLATIONS, 7));
    }

    #[test]
    fn path_leads_to_the_line_of_its_key() {
        for (field, expected) in [
            ("kind", 2),
            ("spec", 7),
            ("spec.containers[1].securityContext.privileged", 12),
            ("$.spec.containers[1].name", 10),
            (".spec.containers.1.name", 10),
            ("spec.containers[1].args[1]", 14),
            ("metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]", 5),
            ("metadata.annotations[\"seccomp.security.alpha.kubernetes.io/pod\"]", 5),
            ("metadata.annotations.a.b.c", 6),
            ("/spec/containers/1/securityContext/privileged", 12),
            ("/metadata/annotations/seccomp.security.alpha.kubernetes.io~1pod", 5),
        ] {
            assert_eq!(line(POD, field), Some(expected), "{field}");
        }
    }

    #[test]
    fn what_is_missing_is_on_the_line_of_what_it_is_missing_in() {
        for (field, expected) in [
            ("spec.containers[0].resources.limits", 9),
            ("spec.containers[7].image", 8),
            ("metadata.labels", 3),
            ("/spec/containers/0/image", 9),
            ("status.phase", 2),
            ("", 2),
        ] {
            assert_eq!(line(POD, field), Some(expected), "{field}");
        }
        assert_eq!(line("{", "a"), None);
    }

    #[test]
    fn path_may_begin_in_the_object_of_a_review() {
        let review = "{\n\"kind\": \"AdmissionReview\",\n\"request\": {\n\"userInfo\": {},\n\"object\": \
                      {\n\"kind\": \"Pod\",\n\"spec\": {}\n},\n\"oldObject\": {\n\"old\": 1\n}\n}\n}";
        for (field, expected) in
            [("kind", 6), ("spec.hostPID", 7), ("request.userInfo.name", 4), ("old", 10)]
        {
            assert_eq!(line(review, field), Some(expected), "{field}");
        }
    }

    #[test]
    fn violations_stand_beside_their_lines() {
        let violation = |line| Violation { check: None, field: None, message: String::new(), line };
        let long = "é".repeat(MAX_LINE + 1);
        let text = format!("a\n{long}\n{}", "b\n".repeat(MAX_LINES));
        let violations = [Some(1), None, Some(2), Some(1), Some(9_999)].map(violation);
        let marked = marked(&text, &violations);
        assert_eq!((marked.lines.len(), marked.omitted_lines), (MAX_LINES, 2));
        assert_eq!(marked.lines[0].violations, [0, 3]);
        assert_eq!(marked.lines[1].violations, [2]);
        assert!(marked.lines[1].text.ends_with("é…"));
    }

    proptest! {
        #[test]
        fn every_path_of_a_text_has_a_line(
            text in "([a-c.\\[\\]: {}\"0-9-]|\n){0,60}", field in "[a-c.\\[\\]$/~0-9\"é]{0,20}",
        ) {
            let line = line(&text, &field);
            prop_assert!(line.is_none_or(|line| (1..=text.lines().count()).contains(&line)));
        }
    }
}
