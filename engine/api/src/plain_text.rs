//! Text of others for a terminal: names, messages and answers that may have been made to deceive.
//!
//! Both programs print whatever is not their own through here. One rule: what acts on a terminal,
//! or on the order of what is read, is written out. That is, by Unicode's properties, every control
//! character (`Cc`), the separators of lines and paragraphs, the controls of bidirectional text
//! (`Bidi_Control`, and those that are deprecated), and interlinear annotations. Whatever is only
//! not seen is part of words in some scripts, and stays.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with what acts on a terminal written out, as `\u{1b}`; line breaks and tabs stay.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    written_out(text, |character| acts(character) && !matches!(character, '\n' | '\t'), escape)
}

/// The same on one line.
#[must_use]
pub fn plain_line(text: &str) -> Cow<'_, str> {
    written_out(text, acts, escape)
}

/// JSON text that says the same, with what acts on a terminal escaped as JSON does. What stands
/// outside of strings is left: only breaks between lines, and tabs, are there.
#[must_use]
pub fn plain_json(text: &str) -> Cow<'_, str> {
    let escape = |character: char, out: &mut String| {
        // Writing to memory does not fail. All that act are of the first plane.
        let _ = write!(out, "\\u{:04x}", u32::from(character));
    };
    written_out(text, |character| acts(character) && !matches!(character, '\n' | '\t'), escape)
}

/// The same as [`plain`], and colours stay: of text that a compiler coloured.
#[must_use]
pub fn plain_in_colours(text: &str) -> Cow<'_, str> {
    if !text.contains('\u{1b}') {
        return plain(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut parts = text.split('\u{1b}');
    out.push_str(&plain(parts.next().unwrap_or_default()));
    for part in parts {
        let end = colour(part);
        let (sequence, rest) = part.split_at_checked(end).unwrap_or(("", part));
        out.push_str(if end == 0 { "\\u{1b}" } else { "\u{1b}" });
        out.push_str(sequence);
        out.push_str(&plain(rest));
    }
    Cow::Owned(out)
}

/// Where the rest of a sequence that only colours ends (`ESC [ … m`); 0 where it is none.
fn colour(text: &str) -> usize {
    let Some(parameters) = text.strip_prefix('[') else { return 0 };
    let end = parameters.find(|character: char| !matches!(character, '0'..='9' | ';'));
    end.filter(|end| parameters.get(*end..).is_some_and(|rest| rest.starts_with('m')))
        .map_or(0, |end| end + 2)
}

fn acts(character: char) -> bool {
    // Nearly all text is of these.
    !matches!(character, ' '..='~')
        && (character.is_control()
            || matches!(
                character,
                '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
                    | '\u{2066}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}'
            ))
}

fn escape(character: char, out: &mut String) {
    out.extend(character.escape_default());
}

fn written_out(
    text: &str,
    counts: impl Fn(char) -> bool,
    escape: impl Fn(char, &mut String),
) -> Cow<'_, str> {
    if !text.contains(&counts) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if counts(character) {
            escape(character, &mut out);
        } else {
            out.push(character);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_acts_on_a_terminal_is_written_out() {
        assert_eq!(plain("grün\n\tja"), "grün\n\tja");
        assert_eq!(plain("a\x1b[2J\rb\u{202e}c\n"), "a\\u{1b}[2J\\rb\\u{202e}c\n");
        assert_eq!(plain("\u{9b}2J\u{7f}\u{200f}\u{61c}"), "\\u{9b}2J\\u{7f}\\u{200f}\\u{61c}");
        assert_eq!(plain_line("1\nsigned\t\u{2028}"), "1\\nsigned\\t\\u{2028}");
        // Words of other scripts, and emoji, stay whole.
        for word in ["نیم\u{200c}فاصله", "❤\u{fe0f}", "👩\u{200d}🚀", "שלום"] {
            assert_eq!(plain_line(word), word);
        }
    }

    #[test]
    fn colours_stay_and_nothing_else_of_a_terminals() {
        assert_eq!(plain_in_colours("\x1b[1;31merror\x1b[0m: a\n"), "\x1b[1;31merror\x1b[0m: a\n");
        assert_eq!(
            plain_in_colours("a\x1b[2J\x1b]0;t\x07\x1b[1mb\u{202e}\x1b"),
            "a\\u{1b}[2J\\u{1b}]0;t\\u{7}\x1b[1mb\\u{202e}\\u{1b}"
        );
    }

    proptest! {
        #[test]
        fn json_says_the_same(text in any::<String>(), more in "[\u{7f}-\u{9f}\u{2028}\u{202e}\u{fff9}]{0,4}") {
            let value = serde_json::Value::from(text + &more);
            let json = value.to_string();
            let shown = plain_json(&json);
            prop_assert!(!shown.contains(acts));
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
        }
    }
}
