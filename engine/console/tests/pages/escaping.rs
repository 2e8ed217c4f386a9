//! No text is ever markup.

use std::sync::LazyLock;

use proptest::prelude::*;
use scraper::{Html, Node};

use crate::samples;

/// Stands where texts go. No page has it otherwise.
const PLACE: &str = "Qq7";

/// What a page consists of, in its order.
#[derive(Debug, PartialEq)]
enum Part {
    Element(String),
    Attribute(String, String),
    Text(String),
    Other(String),
}

fn parts(html: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    for node in Html::parse_document(html).tree.root().descendants() {
        match node.value() {
            // What stands between backticks is code, and nothing else.
            Node::Element(element) if element.name() == "code" && element.attrs().count() == 0 => {}
            Node::Element(element) => {
                parts.push(Part::Element(element.name().to_owned()));
                parts.extend(
                    element
                        .attrs()
                        .map(|(name, value)| Part::Attribute(name.to_owned(), value.to_owned())),
                );
            }
            Node::Text(text) => match parts.last_mut() {
                Some(Part::Text(before)) => *before += &text.replace('`', ""),
                _ => parts.push(Part::Text(text.replace('`', ""))),
            },
            other => parts.push(Part::Other(format!("{other:?}"))),
        }
    }
    parts
}

/// The text may stand as it is, within JSON, or within a URL, and nowhere else.
fn is_filled(empty: &Part, filled: &Part, text: &str) -> bool {
    let is_text = matches!(empty, Part::Text(_));
    let text = if is_text { text.replace('`', "") } else { text.to_owned() };
    let text = text.as_str();
    let json = serde_json::to_string(text).expect("text is JSON");
    let json = &json[1..json.len() - 1];
    let is_one = |empty: &str, filled: &str| {
        empty == filled
            || empty.replace(PLACE, text) == filled
            || empty.replace(PLACE, json) == filled
    };
    match (empty, filled) {
        (Part::Attribute(name, empty), Part::Attribute(other, filled)) if name == "href" => {
            let decoded = percent_encoding::percent_decode_str(filled).decode_utf8_lossy();
            name == other
                && (empty == filled || empty.replace(PLACE, text) == decoded)
                && !filled.contains(['<', '>', '"'])
        }
        (Part::Attribute(name, empty), Part::Attribute(other, filled)) => {
            name == other && is_one(empty, filled)
        }
        (Part::Text(empty), Part::Text(filled)) => is_one(empty, filled),
        _ => empty == filled,
    }
}

/// Each page, filled with a text, is the same page with the text in the same places.
fn is_the_same_with(text: &str) {
    static EMPTY: LazyLock<Vec<(&str, Vec<Part>)>> = LazyLock::new(|| {
        let documents = samples::documents(&|_| PLACE.to_owned());
        documents.into_iter().map(|(name, html)| (name, parts(&html))).collect()
    });
    for ((name, empty), (_, filled)) in EMPTY.iter().zip(samples::documents(&|_| text.to_owned())) {
        let filled = parts(&filled);
        assert_eq!(empty.len(), filled.len(), "{name} has other parts with {text:?}");
        for (empty, filled) in empty.iter().zip(&filled) {
            assert!(is_filled(empty, filled, text), "{name}: {empty:?} became {filled:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_text(text in "[^\0\r]{0,40}") {
        is_the_same_with(&format!("x{text}"));
    }

    #[test]
    fn text_of_what_markup_is_made_of_is_text(
        text in "([<>&'\"/=!-]|\\]\\]>|script|style|img|onerror|title|textarea|table|svg|`|lt;|#x3c;|javascript:| ){1,12}"
    ) {
        is_the_same_with(&format!("x{text}"));
    }
}

#[test]
fn known_attacks_are_text() {
    for text in [
        "</title><script>alert(1)</script>",
        "</textarea><img src=x onerror=alert(1)>",
        "\"><svg onload=alert(1)>",
        "' autofocus onfocus=alert(1) x='",
        "<!--",
        "--><b>",
        "<![CDATA[",
        "&lt;script&gt;",
        "{{7*7}}",
        "javascript:alert(1)",
    ] {
        is_the_same_with(&format!("x{text}"));
    }
}

#[test]
fn a_text_area_keeps_newlines_at_the_beginning() {
    let html = samples::documents(&|_| "\n\nx".to_owned());
    let (_, html) = html.iter().find(|(name, _)| *name == "try-denied").expect("the page");
    let html = Html::parse_document(html);
    let area = scraper::Selector::parse("textarea#input").expect("a selector");
    let area = html.select(&area).next().expect("the input");
    assert_eq!(area.text().collect::<String>(), "\n\nx");
}
