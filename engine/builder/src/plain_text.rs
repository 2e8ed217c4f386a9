//! Text of others on a terminal: names, labels and answers that may have been made to deceive.

use std::borrow::Cow;

/// The text with everything that moves or colours a terminal, or turns its writing round, written
/// out; line breaks and tabs stay.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    written_out(text, |character| !matches!(character, '\n' | '\t'))
}

/// The same on one line.
pub(crate) fn plain_line(text: &str) -> Cow<'_, str> {
    written_out(text, |_| true)
}

fn written_out(text: &str, counts: impl Fn(char) -> bool) -> Cow<'_, str> {
    let acts = |character: char| {
        let turns_round = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        (character.is_control() || turns_round) && counts(character)
    };
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        if acts(character) {
            plain.extend(character.escape_default());
        } else {
            plain.push(character);
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_a_terminal_is_written_out() {
        assert_eq!(plain("grün\n\tja"), "grün\n\tja");
        assert_eq!(plain("a\x1b[2J\rb\u{202e}c\n"), "a\\u{1b}[2J\\rb\\u{202e}c\n");
        assert_eq!(plain_line("1\nsigned"), "1\\nsigned");
    }
}
