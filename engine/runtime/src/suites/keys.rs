//! The keys of a suite: what reads it names them by these lists, and its JSON Schema is made of
//! them.

/// A key, with what is documented of it.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    /// A sentence for people.
    pub(super) sentence: &'static str,
    /// The JSON Schema of its value, as JSON text.
    pub(super) schema: &'static str,
}

const fn key(name: &'static str, sentence: &'static str, schema: &'static str) -> Key {
    Key { name, sentence, schema }
}

const OBJECT: &str = r#"{"type": "object"}"#;
const TEXT: &str = r#"{"type": "string", "minLength": 1}"#;
const TEXTS: &str = r#"{"type": "object", "additionalProperties": {"type": "string"}}"#;
const OBJECT_OR_FILE: &str = r#"{"type": ["object", "string"], "minLength": 1}"#;
const CHECK_IDS: &str =
    r#"{"type": "array", "items": {"type": "string", "minLength": 1}, "uniqueItems": true}"#;

const POLICY: &str = "The policy, such as `pod-security-baseline` or `pod-security-baseline@1`.";
const SETTINGS: &str =
    "The policy's settings, or the path of a file that holds them, relative to the suite.";
const LABELS: &str = "Labels of the caller, for the policy to see.";

/// The keys of a suite.
pub(super) const SUITE: [Key; 6] = [
    key("$schema", "The JSON Schema of suites, for editors.", TEXT),
    key("policy", POLICY, TEXT),
    key("settings", SETTINGS, OBJECT_OR_FILE),
    key("labels", LABELS, TEXTS),
    key(
        "files",
        "Files, and folders of files, of which every document has to be in a case.",
        r#"{"type": "array", "items": {"type": "string", "minLength": 1}}"#,
    ),
    key(
        "cases",
        "The cases.",
        r##"{"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/case"}}"##,
    ),
];

/// The keys of a case.
pub(super) const CASE: [Key; 12] = [
    key("name", "A name that no other case of the suite has.", TEXT),
    key("policy", "The policy of this case, in place of the suite's.", TEXT),
    key("settings", "The settings of this case, in place of the suite's.", OBJECT_OR_FILE),
    key("labels", "The labels of this case, in place of the suite's.", TEXTS),
    key("input", "The input.", "{}"),
    key("file", "The path of a file that holds the input, relative to the suite.", TEXT),
    key(
        "document",
        "Which document of the file is meant, counted from 1, where it holds several.",
        r#"{"type": "integer", "minimum": 1}"#,
    ),
    key(
        "object",
        "A Kubernetes object, or the path of a file that holds it: the input is an \
         `AdmissionReview` of it.",
        OBJECT_OR_FILE,
    ),
    key("oldObject", "The object before an update or a deletion.", OBJECT_OR_FILE),
    key(
        "operation",
        "The operation of the review, which follows from the objects where it is left out.",
        r#"{"enum": ["CREATE", "UPDATE", "DELETE", "CONNECT"]}"#,
    ),
    key("request", "Other fields of the review's `request`, such as `userInfo`.", OBJECT),
    key("expect", "What is expected of the answer.", r##"{"$ref": "#/$defs/expect"}"##),
];

/// The keys of an expectation.
pub(super) const EXPECT: [Key; 5] = [
    key("verdict", "The verdict, or `none` where the output is none.", VERDICT),
    key(
        "checks",
        "The checks that deny: exactly these, or some that are among them or are not.",
        r##"{"oneOf": [{"$ref": "#/$defs/ids"}, {"$ref": "#/$defs/checks"}]}"##,
    ),
    key("output", "A part of the output: of objects the keys that are named here.", "{}"),
    key(
        "patch",
        "The operations of the output's JSON Patch; an empty list where there is none.",
        r#"{"type": "array", "items": {"type": "object"}}"#,
    ),
    key("error", "A part of the error, where there is to be no answer.", TEXT),
];

/// The keys of an expectation on checks.
pub(super) const CHECKS: [Key; 2] = [
    key("include", "Checks that deny, perhaps among others.", CHECK_IDS),
    key("exclude", "Checks that do not deny.", CHECK_IDS),
];

pub(super) const IDS: &str = CHECK_IDS;
pub(super) const VERDICT: &str = r#"{"enum": ["allowed", "denied", "none"]}"#;
