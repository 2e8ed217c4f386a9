//! Escaping of text that may have been made to deceive whoever reads it.
//!
//! Every character that acts on a terminal, or on the order in which text is read, is escaped. By
//! Unicode's properties these are control characters (`Cc`), separators of lines and paragraphs,
//! bidirectional controls (`Bidi_Control`, and deprecated ones), and interlinear annotations.
//! Other invisible characters are parts of words in some scripts, and stay.

use std::borrow::Cow;
use std::fmt::Write;

/// Escapes what acts on a terminal, as `\u{1b}`; line breaks and tabs stay.
#[must_use]
pub fn escape(text: &str) -> Cow<'_, str> {
    replace(text, acts_within_lines, push_escaped)
}

/// Escapes what acts on a terminal, line breaks and tabs among it.
#[must_use]
pub fn escape_line(text: &str) -> Cow<'_, str> {
    replace(text, acts_on_terminal, push_escaped)
}

/// Escapes what acts on a terminal, as JSON does; the value stays the same.
///
/// Outside of strings, JSON has only line breaks and tabs of these characters, and they stay.
#[must_use]
pub fn escape_json(text: &str) -> Cow<'_, str> {
    let push = |character: char, escaped: &mut String| {
        // Writing to memory does not fail. Four digits do: all of these are of the first plane.
        let _ = write!(escaped, "\\u{:04x}", u32::from(character));
    };
    replace(text, acts_within_lines, push)
}

/// Escapes as [`escape`] does, and keeps colours: for text that a compiler coloured.
#[must_use]
pub fn escape_keeping_colors(text: &str) -> Cow<'_, str> {
    if !text.contains('\u{1b}') {
        return escape(text);
    }
    let mut escaped = String::with_capacity(text.len());
    let mut parts = text.split('\u{1b}');
    escaped.push_str(&escape(parts.next().unwrap_or_default()));
    for part in parts {
        let end = color_sequence_len(part);
        let (sequence, rest) = part.split_at_checked(end).unwrap_or(("", part));
        escaped.push_str(if end == 0 { "\\u{1b}" } else { "\u{1b}" });
        escaped.push_str(sequence);
        escaped.push_str(&escape(rest));
    }
    Cow::Owned(escaped)
}

/// The length of a sequence that only colours (`ESC [ … m`) after its `ESC`; 0 for any other.
fn color_sequence_len(text: &str) -> usize {
    let Some(parameters) = text.strip_prefix('[') else { return 0 };
    let end = parameters.find(|character: char| !matches!(character, '0'..='9' | ';'));
    end.filter(|end| parameters.get(*end..).is_some_and(|rest| rest.starts_with('m')))
        .map_or(0, |end| end + 2)
}

fn acts_on_terminal(character: char) -> bool {
    // Nearly all text is of these.
    !matches!(character, ' '..='~')
        && (character.is_control()
            || matches!(
                character,
                '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
                    | '\u{2066}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}'
            ))
}

fn acts_within_lines(character: char) -> bool {
    acts_on_terminal(character) && !matches!(character, '\n' | '\t')
}

fn push_escaped(character: char, escaped: &mut String) {
    escaped.extend(character.escape_default());
}

fn replace(
    text: &str,
    acts: impl Fn(char) -> bool,
    push: impl Fn(char, &mut String),
) -> Cow<'_, str> {
    if !text.contains(&acts) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if acts(character) {
            push(character, &mut escaped);
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn controls_and_bidirectional_characters_are_escaped() {
        assert_eq!(escape("grün\n\tja"), "grün\n\tja");
        assert_eq!(escape("a\x1b[2J\rb\u{202e}c\n"), "a\\u{1b}[2J\\rb\\u{202e}c\n");
        assert_eq!(escape("\u{9b}2J\u{7f}\u{200f}\u{61c}"), "\\u{9b}2J\\u{7f}\\u{200f}\\u{61c}");
        assert_eq!(escape_line("1\nsigned\t\u{2028}"), "1\\nsigned\\t\\u{2028}");
        // Words of other scripts, and emoji, stay whole.
        for word in ["نیم\u{200c}فاصله", "❤\u{fe0f}", "👩\u{200d}🚀", "שלום"] {
            assert_eq!(escape_line(word), word);
        }
    }

    #[test]
    fn escaping_keeps_colors_only() {
        assert_eq!(
            escape_keeping_colors("\x1b[1;31merror\x1b[0m: a\n"),
            "\x1b[1;31merror\x1b[0m: a\n"
        );
        assert_eq!(
            escape_keeping_colors("a\x1b[2J\x1b]0;t\x07\x1b[1mb\u{202e}\x1b"),
            "a\\u{1b}[2J\\u{1b}]0;t\\u{7}\x1b[1mb\\u{202e}\\u{1b}"
        );
    }

    proptest! {
        #[test]
        fn escaped_json_is_the_same_value(text in any::<String>(), more in "[\u{7f}-\u{9f}\u{2028}\u{202e}\u{fff9}]{0,4}") {
            let value = serde_json::Value::from(text + &more);
            let json = value.to_string();
            let shown = escape_json(&json);
            prop_assert!(!shown.contains(acts_on_terminal));
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
        }
    }
}
