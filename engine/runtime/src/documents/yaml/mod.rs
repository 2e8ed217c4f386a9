//! YAML streams, read as Kubernetes reads them or else refused.

mod ambiguity;
mod chunk;
mod locate;

use std::borrow::Cow;

use serde::de::DeserializeSeed;
use serde_saphyr::budget::{Budget, BudgetBreach};
use serde_saphyr::{MergeKeyPolicy, MessageFormatter, Options, UserMessageFormatter};

use super::tree::{Place, Tree};
use super::{Document, DocumentError, Origin};
use crate::transcode::ToJson;
use chunk::{Chunk, split};
use locate::line_and_column;
pub(super) use locate::locate;

/// The documents of a YAML stream; those with nothing but comments in them are passed over, as
/// Kubernetes' tools do.
pub(super) fn documents(text: &str) -> impl Iterator<Item = Result<Document<'_>, DocumentError>> {
    chunks(text).map(|chunk| chunk?.read())
}

/// The document of a stream that must not have two, with the places of everything in it.
pub(super) fn single_tree(text: &str) -> Result<Option<Tree<Place>>, DocumentError> {
    let mut chunks = chunks(text);
    let Some(chunk) = chunks.next().transpose()? else { return Ok(None) };
    let tree = locate::tree(chunk.text).map_err(|error| chunk.explain(&error))?;
    if let Some(second) = chunks.next().transpose()? {
        return Err(DocumentError {
            message: "a second document begins: expected one".to_owned(),
            place: Some((second.line + 1, 1)),
        });
    }
    Ok(Some(tree.placed(&|(line, column)| (chunk.line + line, column))))
}

/// The documents that are there to be read, and what is there that must not be.
fn chunks(text: &str) -> impl Iterator<Item = Result<Chunk<'_>, DocumentError>> {
    split(text).filter_map(|chunk| match ambiguity::find(chunk.text) {
        Some((line, message)) => {
            Some(Err(DocumentError { message, place: Some((chunk.line + line, 1)) }))
        }
        None if chunk.is_blank() => None,
        None => Some(Ok(chunk)),
    })
}

fn read<'a, T>(
    text: &'a str,
    value: impl for<'d> FnOnce(serde_saphyr::Deserializer<'a, 'd>) -> Result<T, serde_saphyr::Error>,
) -> Result<T, serde_saphyr::Error> {
    let mut budget = Budget::default();
    // How large a text may be is decided where it is read; what is bounded here is what a small
    // text can grow into.
    budget.max_depth = policy_api::MAX_NESTING;
    budget.max_nodes = text.len().max(100_000);
    budget.max_events = 2 * budget.max_nodes;
    let mut options = Options::default();
    options.budget = Some(budget);
    options.with_snippet = false;
    // As the YAML reader of Kubernetes does, so that a policy judges what a cluster would get.
    options.legacy_octal_numbers = true;
    // What that reader and this one take differently is taken by neither: which of two keys counts
    // when one comes in by a merge, and what a tag of one's own makes of a value.
    options.merge_keys = MergeKeyPolicy::Error;
    options.reject_unsupported_tags = true;
    serde_saphyr::with_deserializer_from_str_with_options(text, options, value)
}

impl<'a> Chunk<'a> {
    fn read(&self) -> Result<Document<'a>, DocumentError> {
        let mut json = Vec::new();
        read(self.text, |deserializer| ToJson::compact(&mut json).deserialize(deserializer))
            .map_err(|error| self.explain(&error))?;
        let origin = Origin::Yaml { text: self.text, line: self.line };
        Ok(Document { json: Cow::Owned(json), origin })
    }

    fn explain(&self, error: &serde_saphyr::Error) -> DocumentError {
        let place = error
            .location()
            .map(line_and_column)
            .map(|(line, column)| (self.line + line, column))
            .filter(|(line, _)| *line > 0);
        let message = in_words(error);
        DocumentError { message, place }
    }
}

fn in_words(error: &serde_saphyr::Error) -> String {
    match error {
        serde_saphyr::Error::AliasError { error, .. }
        | serde_saphyr::Error::WithSnippet { error, .. } => in_words(error),
        serde_saphyr::Error::Budget { breach: BudgetBreach::Depth { .. }, .. } => {
            format!("nested deeper than {} levels", policy_api::MAX_NESTING)
        }
        serde_saphyr::Error::MergeKeyNotAllowed { .. } => {
            "readers of YAML merge `<<` by different rules: write out what it stands for".to_owned()
        }
        serde_saphyr::Error::Budget { .. } => {
            "it has more anchors and aliases, or they make more of it, than is read".to_owned()
        }
        error => UserMessageFormatter.format_message(error).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(text: &str) -> Vec<String> {
        documents(text)
            .map(|document| match document {
                Ok(document) => String::from_utf8(document.json.into_owned()).unwrap(),
                Err(error) => error.to_string(),
            })
            .collect()
    }

    #[test]
    fn documents_are_those_with_something_in_them() {
        let text =
            "# head\n---\n# nothing\n--- # one\na: 1\n...\n%YAML 1.2\n---\nb: [x, 'y']\n---\n";
        assert_eq!(all(text), [r#"{"a":1}"#, r#"{"b":["x","y"]}"#]);
        assert_eq!(all("--- {a: 1}\n--- |\n ---\n"), [r#"{"a":1}"#, r#""---\n""#]);
        assert!(all("# only this\n").is_empty());
    }

    #[test]
    fn scalars_are_what_kubernetes_takes_them_for() {
        assert_eq!(
            all(
                "[1, -2, 0x10, 0644, 1.5, true, yes, Off, n, ~, null, '1', 12:30, 1e3, 18446744073709551615]"
            ),
            [
                r#"[1,-2,16,420,1.5,true,true,false,false,null,null,"1","12:30",1000.0,18446744073709551615]"#
            ]
        );
        assert_eq!(all("{1: a, true: b, 1.5: c}"), [r#"{"1":"a","true":"b","1.5":"c"}"#]);
    }

    #[test]
    fn anchors_are_filled_in_and_merges_refused() {
        assert_eq!(all("base: &b {a: 1}\none: *b"), [r#"{"base":{"a":1},"one":{"a":1}}"#]);
        assert_eq!(
            all("a: false\n<<: {a: true}"),
            [
                "line 2 column 1: readers of YAML merge `<<` by different rules: write out what it stands for"
            ]
        );
        assert_eq!(all("user: !x null"), ["line 1 column 10: unsupported tag `!x`"]);
        assert_eq!(all("a: !!str 1\nb: !!int '2'"), [r#"{"a":"1","b":2}"#]);
    }

    #[test]
    fn what_readers_take_differently_hides_nothing() {
        for text in [
            "kind: ConfigMap #\u{85}kind: Pod\n",
            "a: false #\u{2028}  a: true\n",
            "# c\rkind: Pod\r",
            "%YAML 1.1\r---\rkind: Pod\r",
            "x: \"\n---#\nkind: Pod\n# \"",
        ] {
            let found = all(text);
            assert!(found.len() == 1 && found[0].starts_with("line "), "{text:?}: {found:?}");
        }
        assert_eq!(all("a: 1\r\n---\r\nb: 2\r\n"), [r#"{"a":1}"#, r#"{"b":2}"#]);
    }

    #[test]
    fn a_broken_document_does_not_hide_the_next() {
        let found = all("a: 1\n---\nb: [1\n---\nc: 3\n");
        assert_eq!(found.len(), 3);
        assert_eq!((found[0].as_str(), found[2].as_str()), (r#"{"a":1}"#, r#"{"c":3}"#));
        assert!(found[1].starts_with("line "), "{}", found[1]);
    }

    #[test]
    fn what_is_wrong_is_told_with_the_files_own_line() {
        for (text, message) in [
            (
                "a: 1\n---\nb: 1\nb: 2\n",
                "line 4 column 1: duplicate mapping key: b not allowed here",
            ),
            ("x: .nan", "line 1 column 4: value `.nan` is not a finite number"),
            ("a: *nobody", "line 1 column 4: reference to unknown value"),
            (
                "a:\n\t- b",
                "line 2 column 2: tabs disallowed within this context (block indentation)",
            ),
        ] {
            assert_eq!(all(text).last().unwrap(), message, "{text}");
        }
    }

    #[test]
    fn small_texts_that_grow_are_stopped() {
        crate::stack::ample(|| {
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        assert_eq!(all(&deep), ["line 1 column 101: nested deeper than 100 levels"]);
        let block = (0..200).map(|level| " ".repeat(level) + "a:\n").collect::<String>();
        assert_eq!(all(&block), ["line 101 column 101: nested deeper than 100 levels"]);
        let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n\
                    d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n";
        assert_eq!(all(bomb), ["line 6 column 5: it has more anchors and aliases, or they make more of it, than is read"]);
        })
        .unwrap();
    }

    proptest! {
        #[test]
        fn any_text_ends(text in r"[-a:\[\]{} \n&*#%.0]{0,80}") {
            prop_assert!(all(&text).len() <= text.len());
        }
    }
}
