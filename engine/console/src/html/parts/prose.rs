use maud::{Markup, html};

/// A sentence, with what stands between backticks as code.
pub(in crate::html) fn prose(text: &str) -> Markup {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('`')
        && let Some((code, after)) = after.split_once('`')
    {
        pieces.push((before, code));
        rest = after;
    }
    html! {
        @for (before, code) in pieces { (before) code { (code) } }
        (rest)
    }
}

/// A code such as `invalid_input`, in words. Any other text stays as it is.
pub(in crate::html) fn words(code: &str) -> String {
    let is_code = code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_code { code.replace('_', " ") } else { code.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{prose, words};

    #[test]
    fn codes_are_words() {
        for (code, expected) in
            [("", ""), ("invalid_input", "invalid input"), ("A_b", "A_b"), ("a_ b", "a_ b")]
        {
            assert_eq!(words(code), expected);
        }
    }

    #[test]
    fn text_between_backticks_is_code() {
        for (text, html) in [
            ("", ""),
            ("a", "a"),
            ("`a` is `b`, not c", "<code>a</code> is <code>b</code>, not c"),
            ("a ` b", "a ` b"),
            ("`a` ` b", "<code>a</code> ` b"),
            ("`<b>` & <i>", "<code>&lt;b&gt;</code> &amp; &lt;i&gt;"),
        ] {
            assert_eq!(prose(text).into_string(), html);
        }
    }
}
