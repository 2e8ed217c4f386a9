//! Documents of a stream, split as `kubectl` splits them: at lines that begin with `---`, before
//! anything is parsed. YAML forbids such lines inside of a document, so that one that does not
//! parse hides no other.

use crate::documents::DocumentError;

/// One document's text, with the marker that begins it.
pub(super) struct Chunk<'a> {
    pub(super) text: &'a str,
    /// The line that it begins at, counted from 0.
    pub(super) line: usize,
}

pub(super) fn split(text: &str) -> impl Iterator<Item = Chunk<'_>> {
    let mut rest = text;
    let mut line = 0;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut length = 0;
        let mut lines = 0;
        for content in rest.split_inclusive('\n') {
            if lines > 0 && content.starts_with("---") {
                break;
            }
            length += content.len();
            lines += 1;
        }
        let (text, following) = rest.split_at_checked(length)?;
        let chunk = Chunk { text, line };
        rest = following;
        line += lines;
        Some(chunk)
    })
}

impl Chunk<'_> {
    /// Checks that its marker has nothing behind it but a comment: with more, it begins a document
    /// for some readers only, and `kubectl` refuses it.
    pub(super) fn check_marker(&self) -> Result<(), DocumentError> {
        let Some(rest) = self.text.lines().next().and_then(|line| line.strip_prefix("---")) else {
            return Ok(());
        };
        let content = rest.trim_ascii_start();
        if content.is_empty() || (content.starts_with('#') && content != rest) {
            return Ok(());
        }
        Err(DocumentError {
            message: "a line that begins with `---` and goes on is refused by `kubectl`: write \
                      what follows on the next line, or a space before it"
                .to_owned(),
            place: Some((self.line + 1, 1)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Split or not, nothing of the text is lost.
        #[test]
        fn splitting_keeps_every_byte(text in r"(---|\.\.\.|a| |\n){0,40}") {
            let together: String = split(&text).map(|chunk| chunk.text).collect();
            prop_assert_eq!(together, text);
        }
    }
}
