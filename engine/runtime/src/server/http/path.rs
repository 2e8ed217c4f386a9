//! Paths of URLs.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The rest of a path behind a prefix that ends where a segment does.
pub(crate) fn strip_prefix<'a>(path: &'a str, prefix: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(prefix)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

/// Decodes percent-encoded text; `None` where the result is not UTF-8.
pub(crate) fn percent_decode(text: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(text).decode_utf8().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn prefixes_end_with_a_segment() {
        assert_eq!(strip_prefix("/v1/data", "/v1/data"), Some(""));
        assert_eq!(strip_prefix("/v1/data/a", "/v1/data"), Some("a"));
        assert_eq!(strip_prefix("/v1/database", "/v1/data"), None);
    }

    #[test]
    fn percent_signs_without_two_digits_stay() {
        assert_eq!(percent_decode("a%2Fb%2fc%%4%zz").as_deref(), Some("a/b/c%%4%zz"));
        assert_eq!(percent_decode("%ff"), None);
    }

    proptest! {
        #[test]
        fn decoding_takes_any_text(text in "[%a0-9f/é]{0,20}") {
            let decoded = percent_decode(&text);
            prop_assert!(text.contains('%') || decoded.as_deref() == Some(text.as_str()));
        }
    }
}
