//! YAML that Kubernetes' reader and others take differently: what one takes for a comment is a
//! field to the other. It is refused, so that nothing is created that was not judged.

/// The line, counted from 1, and what is wrong with it.
pub(super) fn find(text: &str) -> Option<(usize, String)> {
    text.split_inclusive('\n').zip(1..).find_map(|(line, number)| {
        let message = line_break(line).or_else(|| separator(line))?;
        Some((number, message))
    })
}

/// A character that ends a line for some readers only.
fn line_break(line: &str) -> Option<String> {
    // Few lines have any character beyond ASCII, or a carriage return.
    if line.is_ascii() && !line.contains('\r') {
        return None;
    }
    let content = line.strip_suffix('\n').unwrap_or(line);
    let content = content.strip_suffix('\r').unwrap_or(content);
    let found =
        content.chars().find(|it| matches!(it, '\r' | '\u{85}' | '\u{2028}' | '\u{2029}'))?;
    Some(format!(
        "the character U+{:04X} ends a line for some readers of YAML and not for others: take it \
         out, or write it as an escape in double quotes",
        u32::from(found)
    ))
}

/// A line that only some readers take for a document's beginning.
fn separator(line: &str) -> Option<String> {
    let rest = line.strip_prefix("---")?;
    if rest.is_empty() || rest.starts_with(char::is_whitespace) {
        return None;
    }
    Some(
        "a line that begins with `---` and goes on begins a document for some readers of YAML and \
         not for others: write a space behind it, or before it"
            .to_owned(),
    )
}
