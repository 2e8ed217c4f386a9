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

/// A code such as `invalid_input`, in words.
pub(in crate::html) fn words(code: &str) -> String {
    code.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::prose;

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
