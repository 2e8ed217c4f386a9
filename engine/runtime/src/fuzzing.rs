//! Checks of what has to hold for any input of a stranger. The fuzz targets in `tests/fuzz` call them
//! with arbitrary bytes; each panics where something does not hold.

use serde::de::IgnoredAny;

use crate::documents::tree::{Position, Tree, Value};
use crate::documents::{self, Source};
pub use crate::server::fuzzing::{request_body, request_head};

/// A limit for what aliases make of a document that few of them reach.
const ROOM_BYTES: usize = 64 << 10;

/// Checks the reader of YAML.
///
/// A document that it reads becomes JSON, which reads as itself and stays within the limit. The
/// reader with places says the same as the one without, and places lie within the text.
///
/// # Panics
/// When that does not hold.
pub fn yaml(data: &[u8]) {
    if let Ok(Some(json)) = documents::yaml_to_json(data, ROOM_BYTES) {
        assert!(
            json.len() <= 8 * ROOM_BYTES,
            "{} bytes are more than there is room for",
            json.len()
        );
        assert_reads_as_itself(&json);
    }

    let source = Source::new("fuzzed.yaml", data);
    let last_line = 1 + data.split(|byte| *byte == b'\n').count();
    let is_inside = |(line, column): Position| {
        assert!((1..=last_line).contains(&line) && column > 0, "line {line} column {column}");
    };
    let mut texts = Vec::new();
    for document in documents::documents(&source) {
        match document {
            Ok(document) => texts.push(document.json.into_owned()),
            Err(error) => {
                assert!(!error.message.is_empty());
                error.place.into_iter().for_each(is_inside);
            }
        }
    }
    for json in &texts {
        serde_json::from_slice::<IgnoredAny>(json).map_or_else(|error| panic_with(&error), drop);
    }
    if let Ok(Some(tree)) = documents::tree(&source) {
        let [only] = &*texts else { return panic_with(&"a stream of one document has others") };
        assert_eq!(tree.to_json().as_bytes(), only);
        for_each_place(&tree, &is_inside);
    }
}

/// JSON is YAML, unless a key is longer than one of YAML may be.
fn assert_reads_as_itself(json: &str) {
    match documents::yaml_to_json(json.as_bytes(), usize::MAX) {
        Ok(again) => assert_eq!(again.as_deref(), Some(json)),
        Err(error) => assert!(json.len() > 1024, "`{json}` is not read again: {error}"),
    }
}

fn for_each_place(tree: &Tree<Position>, check: &impl Fn(Position)) {
    check(tree.at);
    match &tree.value {
        Value::Null | Value::Literal(_) | Value::Text(_) => {}
        Value::List(elements) => elements.iter().for_each(|element| for_each_place(element, check)),
        Value::Table(entries) => {
            for entry in entries {
                check(entry.at);
                for_each_place(&entry.value, check);
            }
        }
    }
}

#[expect(clippy::panic, reason = "a fuzzer learns by it what does not hold")]
fn panic_with(problem: &dyn std::fmt::Display) {
    panic!("{problem}");
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// Runs a check on the inputs that its fuzz target starts from, and those that it once failed at.
    fn assert_corpus_holds(target: &str, check: fn(&[u8])) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz");
        let inputs: Vec<_> = fs::read_dir(folder.join("corpus").join(target)).unwrap().collect();
        assert!(!inputs.is_empty(), "the corpus of `{target}` is empty");
        for input in inputs {
            check(&fs::read(input.unwrap().path()).unwrap());
        }
        // Only a fuzzer compiles it.
        let program = fs::read_to_string(folder.join(format!("targets/{target}.rs"))).unwrap();
        let call = format!("policy_engine::fuzzing::{target}(data)");
        assert!(program.contains(&call), "{program}");
    }

    #[test]
    fn fuzz_target_accepts_the_request_head_corpus() {
        assert_corpus_holds("request_head", super::request_head);
    }

    #[test]
    fn fuzz_target_accepts_the_request_body_corpus() {
        assert_corpus_holds("request_body", super::request_body);
    }

    #[test]
    fn fuzz_target_accepts_the_yaml_corpus() {
        assert_corpus_holds("yaml", super::yaml);
    }
}
