use policy_text::escape_line;

const MAX_QUOTE: usize = 300;

/// Quotes the text of a stranger in brackets, on one line and not too long. Nothing for an empty text.
pub(super) fn quoted(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char })
        .take(MAX_QUOTE)
        .collect();
    let text = escape_line(text.trim());
    if text.is_empty() { String::new() } else { format!(" (`{text}`)") }
}
