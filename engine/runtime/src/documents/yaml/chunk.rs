/// One document's text, with the marker that begins it.
pub(super) struct Chunk<'a> {
    pub(super) text: &'a str,
    /// The line that it begins at, counted from 0.
    pub(super) line: usize,
}

/// Splits a stream at its markers. YAML forbids them at the start of a line anywhere else, so
/// that this needs no parser, and a document that does not parse hides no other.
pub(super) fn split(text: &str) -> impl Iterator<Item = Chunk<'_>> {
    let mut rest = text;
    let mut line = 0;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut length = 0;
        let mut lines = 0;
        for (index, content) in rest.split_inclusive('\n').enumerate() {
            if index > 0 && is_marker(content, "---") {
                break;
            }
            length += content.len();
            lines += 1;
            if is_marker(content, "...") {
                break;
            }
        }
        let (text, following) = rest.split_at_checked(length)?;
        let chunk = Chunk { text, line };
        rest = following;
        line += lines;
        Some(chunk)
    })
}

fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

impl Chunk<'_> {
    /// Whether it holds no document: nothing but its markers, comments and directives.
    pub(super) fn is_blank(&self) -> bool {
        self.text.lines().all(|line| {
            let content = line.strip_prefix("---").unwrap_or(line).trim_start();
            content.is_empty()
                || content.starts_with('#')
                || line.starts_with('%')
                || is_marker(line, "...")
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
