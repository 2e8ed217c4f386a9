//! Addresses of pages, and which of others may be links.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stands for itself in a segment of a path and in a query.
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Text as a segment of a path, or as a value in a query.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, &UNRESERVED).to_string()
}

/// The page of a decision.
pub(crate) fn decision(decision_id: &str) -> String {
    format!("/decisions/{}", encode(decision_id))
}

/// The page of a policy, by its id, which may have several segments.
pub(crate) fn policy(id: &str) -> String {
    let segments: Vec<_> = id.split('/').map(encode).collect();
    format!("/policies/{}", segments.join("/"))
}

/// The page that tries a policy.
pub(crate) fn trial(policy: &str) -> String {
    format!("/try?policy={}", encode(policy))
}

/// The denials of a policy in a version.
pub(crate) fn denials(id: &str, version: &str) -> String {
    format!("/decisions?policy={}&version={}&verdict=denied", encode(id), encode(version))
}

/// The same page as JSON.
pub(crate) fn as_json(path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let kept = query
        .split('&')
        .filter(|pair| !pair.is_empty() && *pair != "format" && !pair.starts_with("format="));
    let query: Vec<&str> = kept.chain(["format=json"]).collect();
    format!("{}?{}", local(path).unwrap_or("/"), query.join("&"))
}

/// An address on this server, and `None` for any other.
pub(crate) fn local(href: &str) -> Option<&str> {
    let is_local = href.starts_with('/') && !href.starts_with("//") && !href.starts_with("/\\");
    is_local.then_some(href)
}

/// A page elsewhere. Nothing that runs a script, such as `javascript:`, is one.
pub(crate) fn external(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let is_page = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    (is_page && !rest.is_empty()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_as_json_keeps_its_query_and_has_one_format() {
        assert_eq!(as_json("/"), "/?format=json");
        assert_eq!(as_json("/decisions?"), "/decisions?format=json");
        assert_eq!(
            as_json("/decisions?policy=a&format=html&text=b"),
            "/decisions?policy=a&text=b&format=json"
        );
        assert_eq!(as_json("//elsewhere/?a"), "/?a&format=json");
    }

    #[test]
    fn only_http_and_https_are_pages_elsewhere() {
        for url in ["https://example.org/a", "HTTP://example.org"] {
            assert_eq!(external(url), Some(url));
        }
        for url in [
            "javascript:alert(1)",
            "javascript://https://a",
            " https://a",
            "data:,a",
            "a",
            "https://",
        ] {
            assert_eq!(external(url), None, "{url}");
        }
    }

    #[test]
    fn only_paths_are_pages_here() {
        assert_eq!(local("/try?decision=1"), Some("/try?decision=1"));
        for href in ["", "try", "//a", "/\\a", "javascript:alert(1)", "https://a"] {
            assert_eq!(local(href), None, "{href}");
        }
    }

    #[test]
    fn what_has_a_meaning_in_a_path_or_query_is_encoded() {
        assert_eq!(decision("a/b?c#d&e"), "/decisions/a%2Fb%3Fc%23d%26e");
        assert_eq!(policy("httpapi/authz?"), "/policies/httpapi/authz%3F");
        assert_eq!(trial("pods@1.0.0"), "/try?policy=pods%401.0.0");
    }
}
