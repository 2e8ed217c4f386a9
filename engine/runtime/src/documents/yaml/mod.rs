//! YAML as Kubernetes reads it, or a refusal.
//!
//! Kubernetes reads YAML with `sigs.k8s.io/yaml`: its parser is libyaml's, translated, and what it
//! makes of a document is JSON. A document that is read here gives the same JSON there; what is not
//! read is refused with its place. `tests/engine/yaml` holds this reader to that one.
//!
//! The profile:
//! - A stream is split at lines that begin with `---`, which have nothing behind it but a comment.
//!   Documents that are empty or null are passed over, as `kubectl` does. Nothing stands behind
//!   `...`; directives (`%YAML`) are refused, as `kubectl` does.
//! - Characters are those of YAML, in UTF-8; lines end with `\n` or `\r\n`. Whatever else ends
//!   lines for some readers is refused, and so is a byte order mark inside of the text.
//! - Blocks, flow collections, plain and quoted scalars and block scalars follow libyaml. A key and
//!   its `:` stand on one line, 1024 characters apart at most, unless `?` stands before the key, as
//!   Kubernetes' own tools write it before long ones. Between brackets `?` is refused.
//! - Plain scalars are YAML 1.1's booleans (`yes`, `Off`, `n`; not `yEs`), nulls (`~`, `Null`), Go's
//!   integers (`012`, `0o12`, `0x1F`, `1_000`) and decimal floats, and otherwise text, as dates
//!   are. Floats that are whole become integers: `1e3` is 1000. Infinities are refused.
//! - Keys are text, or booleans, integers and short floats, which become text. Nulls, collections
//!   and aliases are refused as keys, and so are duplicates, also of `1` and `"1"`.
//! - Tags are `!!str`, `!!int`, `!!float`, `!!bool`, `!!null`, `!!seq` and `!!map`, on what is of
//!   that type; every other is refused.
//! - Anchors and aliases are read, and `<<` merges what its object has no key for. A key that
//!   stands before a `<<` that brings it too is refused, as readers take different ones.
//! - Nesting is limited ([`policy_api::MAX_NESTING`]), with aliases filled in, and so is the memory
//!   that a document takes.

mod cursor;
mod reader;
mod resolve;
mod scalars;
mod scanner;
mod stream;

use super::DocumentError;
use super::tree::{Position, Tree, Value};
use reader::Reader;
use stream::{Chunk, split};

/// One document of a stream.
pub(super) struct YamlDocument<'a> {
    pub(super) json: String,
    /// Its own text, and the line of the stream that it begins at, counted from 0.
    pub(super) text: &'a str,
    pub(super) line: usize,
}

/// The documents of a YAML stream; those with nothing in them are passed over.
pub(super) fn documents(
    text: &str,
) -> impl Iterator<Item = Result<YamlDocument<'_>, DocumentError>> {
    split(text).filter_map(|chunk| chunk.read().transpose())
}

/// The document of a stream that must not have two, with the places of everything in it.
pub(super) fn single_tree(text: &str) -> Result<Option<Tree<Position>>, DocumentError> {
    let mut single = None;
    for chunk in split(text) {
        let Some(tree) = chunk.tree()? else { continue };
        if single.is_some() {
            return Err(DocumentError {
                message: "a second document begins: expected one".to_owned(),
                place: Some((chunk.line + 1, 1)),
            });
        }
        single = Some(tree.placed(&|(line, column)| (chunk.line + line, column)));
    }
    Ok(single)
}

/// Reads JSON, which is YAML but for some escapes.
pub(super) fn json_tree(text: &str) -> Result<Option<Tree<Position>>, DocumentError> {
    Reader::new(text, |place| place, room_for(text))?.with_json_escapes().document()
}

/// The JSON of one document, `None` where it is empty or null. What is made of it takes at most
/// about `room` bytes; [`room_for`] is enough for any text without aliases.
///
/// # Errors
/// Fails at the place of what this reader refuses, and where there is no room.
pub(super) fn to_json(text: &str, room: usize) -> Result<Option<String>, DocumentError> {
    let tree = Reader::new(text, |_| (), room)?.document()?;
    Ok(tree.filter(|tree| tree.value != Value::Null).map(|tree| tree.to_json()))
}

/// The bytes that a document may take: all of its own values, and 16 MiB by its aliases.
pub(super) fn room_for(text: &str) -> usize {
    text.len().saturating_mul(100).saturating_add(16 << 20)
}

/// The place at which the value of this path stands in a document.
///
/// Only what went wrong is looked for, so the document is read once more rather than every place
/// kept of every document.
pub(super) fn locate(text: &str, path: &str) -> Option<Position> {
    places(text)?.find(path).map(|found| found.at)
}

/// A document with the place of each part.
pub(super) fn places(text: &str) -> Option<Tree<Position>> {
    Reader::new(text, |place| place, room_for(text)).and_then(Reader::document).ok()?
}

impl<'a> Chunk<'a> {
    fn read(&self) -> Result<Option<YamlDocument<'a>>, DocumentError> {
        self.check_marker()?;
        let json =
            to_json(self.text, room_for(self.text)).map_err(|error| self.in_stream(error))?;
        Ok(json.map(|json| YamlDocument { json, text: self.text, line: self.line }))
    }

    fn tree(&self) -> Result<Option<Tree<Position>>, DocumentError> {
        self.check_marker()?;
        let tree = Reader::new(self.text, |place| place, room_for(self.text))
            .and_then(Reader::document)
            .map_err(|error| self.in_stream(error))?;
        Ok(tree.filter(|tree| tree.value != Value::Null))
    }

    /// Adds the line of the stream to an error.
    fn in_stream(&self, error: DocumentError) -> DocumentError {
        let place = error.place.map(|(line, column)| (self.line + line, column));
        DocumentError { place, ..error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(text: &str) -> Vec<String> {
        documents(text)
            .map(|document| match document {
                Ok(document) => document.json,
                Err(error) => error.to_string(),
            })
            .collect()
    }

    /// The error of one text, or its JSON.
    fn one(text: &str) -> String {
        let [only] = &all(text)[..] else { panic!("{text:?}: {:?}", all(text)) };
        only.clone()
    }

    #[test]
    fn empty_documents_are_skipped() {
        let text = "# head\n---\n# nothing\n--- # one\na: 1\n...\n---\nb: [x, 'y']\n---\n";
        assert_eq!(all(text), [r#"{"a":1}"#, r#"{"b":["x","y"]}"#]);
        for nothing in ["", "# only this\n", "null", "~\n", "--- # c\nNull\n---\n---\n", "&a\n"] {
            assert!(all(nothing).is_empty(), "{nothing:?}");
        }
        assert_eq!(one("''"), r#""""#);
    }

    #[test]
    fn stream_is_split_as_by_kubectl() {
        assert_eq!(all("a: 1\r\n---\r\nb: 2\r\n"), [r#"{"a":1}"#, r#"{"b":2}"#]);
        for text in ["---#\na: 1\n", "--- {a: 1}\n", "---a\n", "--- |\n a\n"] {
            assert_eq!(
                one(text),
                "line 1 column 1: a line that begins with `---` and goes on is refused by \
                 `kubectl`: write what follows on the next line, or a space before it"
            );
        }
        let ended = "the document has ended before this: expected `---` on a line of its own \
                     between documents";
        assert_eq!(one("a: 1\n...\nb: 2\n"), format!("line 3 column 1: {ended}"));
        assert_eq!(one("{a: 1} {b: 2}\n"), format!("line 1 column 8: {ended}"));
        assert_eq!(
            all("%YAML 1.1\n---\na: 1\n")[0],
            "line 1 column 1: a directive: not even `kubectl` reads a file that has one"
        );
    }

    #[test]
    fn scalars_are_typed_as_by_kubernetes() {
        assert_eq!(
            one("[1, -2, 0x10, 0644, 1.5, true, yes, Off, n, ~, null, '1', 12:30, 1e3, \
                 18446744073709551615, nULL, tRUE, yEs, 1.00065e+09, 1000.0, -0, 2001-01-01]"),
            "[1,-2,16,420,1.5,true,true,false,false,null,null,\"1\",\"12:30\",1000,\
             18446744073709551615,\"nULL\",\"tRUE\",\"yEs\",1000650000,1000,0,\"2001-01-01\"]"
        );
        assert_eq!(
            one("{1: a, true: b, 1.5: c, 2001-01-01: d, '': e}"),
            r#"{"1":"a","true":"b","1.5":"c","2001-01-01":"d","":"e"}"#
        );
        assert_eq!(one("a: !!str 1\nb: !!int '2'"), r#"{"a":"1","b":2}"#);
    }

    #[test]
    fn multiline_strings_are_folded_as_by_libyaml() {
        for (text, json) in [
            ("kind: |\n  Pod", r#"{"kind":"Pod"}"#),
            ("kind: |\n  Pod\n", r#"{"kind":"Pod\n"}"#),
            ("a: |+\n  b\n\n", r#"{"a":"b\n\n"}"#),
            ("a: >-\n  b\n  c\n\n   d\n  e\n", r#"{"a":"b c\n\n d\ne"}"#),
            ("a: |2-\n   b\n", r#"{"a":" b"}"#),
            ("a: b\n c\n\n d # e\n", r#"{"a":"b c\nd"}"#),
            ("a: \"b\n\n c \\\n  d\\x41\\'\"\n", r#"{"a":"b\nc dA'"}"#),
            ("a: 'b''c\n d'\n", r#"{"a":"b'c d"}"#),
            ("\"a\":\n- b\n- c\td\n", r#"{"a":["b","c\td"]}"#),
            ("{\"a\":b, c:d, e: [f: g]}", r#"{"a":"b","c:d":null,"e":[{"f":"g"}]}"#),
        ] {
            assert_eq!(one(text), json, "{text:?}");
        }
    }

    #[test]
    fn explicit_keys_are_read() {
        let long = "k".repeat(130);
        for (text, json) in [
            // As `kubectl get -o yaml` and Helm write it, folded and not.
            (format!("data:\n  ? {long}\n  : v\n"), format!(r#"{{"data":{{"{long}":"v"}}}}"#)),
            (
                format!("a: 1\n? {long}\n  x\n: - b\nc: 2\n"),
                format!(r#"{{"a":1,"{long} x":["b"],"c":2}}"#),
            ),
            ("- ? a\n  :\n    b: c\n  ? d".to_owned(), r#"[{"a":{"b":"c"},"d":null}]"#.to_owned()),
            ("? |\n  a\n: &x b\n? 'c'\n: *x\n".to_owned(), r#"{"a\n":"b","c":"b"}"#.to_owned()),
            (
                "x: &x {a: 1}\nz:\n  ? <<\n  : *x\n".to_owned(),
                r#"{"x":{"a":1},"z":{"a":1}}"#.to_owned(),
            ),
        ] {
            assert_eq!(one(&text), json, "{text:?}");
        }
        for text in
            ["a: ? b", "? a\n  : b", "? a: b", "? - a", "? *a", "?\n: a", ": a", "a: 1\n: b"]
        {
            assert!(one(text).starts_with("line "), "{text:?}: {}", one(text));
        }
        assert_eq!(one("? a\n: b\na: c"), "line 3 column 1: duplicate key `a`");
    }

    #[test]
    fn aliases_are_expanded_and_merge_keys_follow_kubernetes() {
        for (text, json) in [
            ("base: &b {a: 1}\none: *b", r#"{"base":{"a":1},"one":{"a":1}}"#),
            ("&a b: *a", r#"{"b":"b"}"#),
            ("- &a 1\n- &a 2\n- *a", "[1,2,2]"),
            ("- &a [&a 1]\n- *a", "[[1],1]"),
            ("x: &x {a: 1, b: 2}\nz: {<<: *x, b: 3}", r#"{"x":{"a":1,"b":2},"z":{"a":1,"b":3}}"#),
            ("<<: [{a: 1}, {a: 2, b: 2}]", r#"{"a":1,"b":2}"#),
            ("'<<': {a: 1}", r#"{"<<":{"a":1}}"#),
        ] {
            assert_eq!(one(text), json, "{text:?}");
        }
        let pods = format!(
            "shared: &s {{runAsUser: 1000, capabilities: {{drop: [ALL]}}}}\nitems:\n{}",
            "- securityContext: *s\n".repeat(1000)
        );
        assert_eq!(one(&pods).matches("1000").count(), 1001);
    }

    #[test]
    fn unsupported_yaml_is_refused_with_its_position() {
        for (text, message) in [
            ("a: 1\n---\nb: 1\nb: 2\n", "line 4 column 1: duplicate key `b`"),
            ("{1: a, '1': b}", "line 1 column 8: duplicate key `1`"),
            ("{1: a, 0x1: b}", "line 1 column 8: duplicate key `1`"),
            (
                "a: false\n<<: {a: true}",
                "line 2 column 1: `<<` brings the key `a`, which stands before it already: readers \
                 of YAML take different ones, so write `<<` first",
            ),
            ("<<: a", "line 1 column 1: `<<` merges an object or a list of objects: expected one"),
            (
                "user: !x null",
                "line 1 column 7: unsupported tag `!x`: write the value without it (text that \
                 begins with `!` in quotes)",
            ),
            ("a: !!int b", "line 1 column 4: `b` is not of the type that its tag names"),
            ("a: !!map [b]", "line 1 column 4: the tag is of another type"),
            ("x: .nan", "line 1 column 4: value `.nan` is not a finite number"),
            ("~: 1", "line 1 column 1: a key is null: expected text"),
            ("1e9: 1", "line 1 column 1: the key `1e9` is a number: write it in quotes"),
            ("[a]: 1", "line 1 column 1: a list or an object as a key: expected text"),
            (
                "a: *nobody",
                "line 1 column 4: `*nobody` stands for nothing: there is no `&nobody` before",
            ),
            ("a: &b [*b]", "line 1 column 8: `*b` would stand inside of itself"),
            (
                "a: {?b: c}",
                "line 1 column 5: `?` marks a key here: write the key without it, or text that \
                 begins with `?` in quotes",
            ),
            ("a:\n\t- b", "line 2 column 1: a tab: lines of YAML are indented with spaces"),
            (
                "a: \"\\/\"",
                "line 1 column 5: the escape `\\/`, which Kubernetes does not read: write `/`",
            ),
            ("a: \"b", "line 1 column 4: the quotes are never closed"),
            ("a: \"\\", "line 1 column 5: the quotes are never closed"),
            ("spec: [\n", "line 1 column 7: `[` is never closed"),
            ("spec: [{a: b\n", "line 1 column 8: `{` is never closed"),
            ("spec: [a,\n...\n", "line 1 column 7: `[` is never closed"),
            ("a: ]", "line 1 column 4: expected a value, found `]`"),
            (
                "a: {b: c, 'd' e}\n",
                "line 1 column 15: expected `,` or `}`, as of the `{` on line 1",
            ),
            (
                "a: b: c",
                "line 1 column 5: `:` without a key: expected one before it on its line, at \
              most 1024 characters away",
            ),
            (
                "a: 1\nb\n",
                "line 2 column 1: expected a key with `:` behind it, on one line and at \
              most 1024 characters away",
            ),
            (
                "a: @b",
                "line 1 column 4: `@` cannot stand here: write text that begins with it in \
              quotes",
            ),
            (
                "# c\rkind: Pod\r",
                "line 1 column 4: the character U+000D ends a line for some \
              readers of YAML and not for others: take it out, or write it as an escape in double \
              quotes",
            ),
            (
                "a: \u{0}",
                "line 1 column 4: the character U+0000 has no place in YAML: take it out, \
              or write it as an escape in double quotes",
            ),
        ] {
            assert_eq!(all(text).last().unwrap(), message, "{text:?}");
        }
        for odd in ["\u{85}", "\u{2028}", "\u{2029}", "\u{feff}", "\u{7f}", "\u{fffe}", "\u{1}"] {
            assert!(
                one(&format!("kind: ConfigMap #{odd}kind: Pod\n"))
                    .starts_with("line 1 column 18: ")
            );
        }
    }

    #[test]
    fn documents_after_a_malformed_one_are_read() {
        let found = all("a: 1\n---\nb: [1\n---\nc: 3\n");
        assert_eq!(found.len(), 3);
        assert_eq!((found[0].as_str(), found[2].as_str()), (r#"{"a":1}"#, r#"{"c":3}"#));
        assert!(found[1].starts_with("line "), "{}", found[1]);
    }

    #[test]
    fn positions_are_found_by_path() {
        let text =
            "---\nspec:\n  a.b/c: 1\n  containers:\n  - image: x\n    ports: [80,\n      x]\n";
        assert_eq!(locate(text, "spec.containers[0].ports[1]"), Some((7, 7)));
        assert_eq!(locate(text, "spec.a.b/c"), Some((3, 10)));
        assert_eq!(locate(text, "spec.containers[0].image"), Some((5, 12)));
        assert_eq!(locate(text, "spec.nothing"), None);
    }

    #[test]
    fn alias_bombs_are_refused() {
        let bombs = || {
            let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
            assert_eq!(one(&deep), "line 1 column 101: nested deeper than 100 levels");
            let block = (0..200).map(|level| " ".repeat(level) + "a:\n").collect::<String>();
            assert_eq!(one(&block), "line 101 column 101: nested deeper than 100 levels");
            let half = format!("{}1{}", "[".repeat(60), "]".repeat(60));
            let aliased = format!("a: &a {half}\nb: {}*a{}\n", "[".repeat(60), "]".repeat(60));
            assert_eq!(one(&aliased), "line 2 column 64: nested deeper than 100 levels");
        };
        crate::system::stack::ample(|_| bombs()).unwrap();
        let more = "it has more values, or its aliases make more of them, than there is memory for";
        let values = (b'b'..=b'i')
            .map(|name| {
                let before = char::from(name - 1);
                let name = char::from(name);
                format!("{name}: &{name} [{}]\n", vec![format!("*{before}"); 9].join(","))
            })
            .collect::<Vec<_>>()
            .concat();
        let bomb = format!("a: &a [x,x,x,x,x,x,x,x,x]\n{values}");
        assert!(one(&bomb).ends_with(more), "{}", one(&bomb));
        let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), "*a,".repeat(1000));
        assert!(one(&long).ends_with(more), "{}", one(&long));
        let merges =
            format!("a: &a {{b: {}}}\nc:\n{}", "x".repeat(1 << 20), "- {<<: *a}\n".repeat(1000));
        assert!(one(&merges).ends_with(more), "{}", one(&merges));
    }

    #[test]
    fn memory_budget_of_a_text_is_enforced() {
        let text = "{a,b,c,d}\n".to_owned();
        assert!(to_json(&text, 4096).unwrap().is_some());
        assert!(to_json(&text, 256).is_err());
        // The densest texts of all have room without aliases.
        let letters = "a,b,c,d,e,f,g,h,i,j,k,l,m,o,p,q,r,s,t,u,v,w,x,z,";
        let keys = (0..100_000).map(|key| format!("{key:x}z,")).collect::<Vec<_>>().concat();
        for dense in [
            format!("[{}]", "[],".repeat(100_000)),
            format!("[{}]", format!("{{{letters}}},").repeat(4_000)),
            format!("{{{keys}}}"),
        ] {
            assert!(to_json(&dense, dense.len() * 100).unwrap().is_some());
        }
    }

    #[test]
    fn duplicate_keys_are_found_in_large_objects() {
        let keys = |count: usize, indent: &str| {
            (0..count).map(|key| format!("{indent}k{key}: 1\n")).collect::<Vec<_>>().concat()
        };
        for count in [15, 16, 17, 40] {
            assert_eq!(one(&keys(count, "")).matches(":1").count(), count);
            for twice in [0, count - 1] {
                let text = format!("{}k{twice}: 2\n", keys(count, ""));
                assert!(one(&text).ends_with(&format!(": duplicate key `k{twice}`")), "{text}");
            }
            let merged = format!("<<:\n{}k0: 2\n", keys(count, "  "));
            assert!(one(&merged).starts_with(r#"{"k0":2,"k1":1"#), "{}", one(&merged));
        }
    }

    #[test]
    fn implicit_keys_have_the_length_limit_of_kubernetes() {
        assert!(one(&format!("{}: 1", "é".repeat(1024))).starts_with('{'));
        assert!(
            one(&format!("{}: 1", "é".repeat(1025)))
                .starts_with("line 1 column 1026: `:` without a key")
        );
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in r#"[-a:\[\]{} \n&*#%.0?!|>'"\\,<\t]{0,80}"#) {
            prop_assert!(all(&text).len() <= text.len());
        }
    }
}
