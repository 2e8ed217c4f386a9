//! Addresses that a registry gives: of uploads, of blobs that are kept elsewhere, of further pages.

use ureq::http::Uri;

/// The origin of a URL. Credentials for one are never sent to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HttpOrigin {
    is_secure: bool,
    host: String,
    port: u16,
}

impl HttpOrigin {
    /// Parses the origin of an `http` or `https` URL; `None` for anything else, and for a URL with
    /// a user's name in it, which a client would log in by.
    pub(super) fn parse(url: &str) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        let is_secure = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = uri.authority()?;
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return None;
        }
        let port = match authority.as_str().rsplit_once(':') {
            Some((_, "")) => None,
            Some((host, _)) if host == authority.host() => Some(authority.port_u16()?),
            _ => None,
        };
        let port = port.unwrap_or(if is_secure { 443 } else { 80 });
        Some(Self { is_secure, host: authority.host().to_ascii_lowercase(), port })
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn is_secure(&self) -> bool {
        self.is_secure
    }
}

/// Resolves a reference against the URL that it came from (RFC 3986, 5.2), without its fragment.
///
/// `None` for what is no HTTP URL then, and for one that leads from TLS to plain HTTP: neither
/// credentials nor images are to leave so because a registry says so.
pub(super) fn resolve(base: &str, reference: &str) -> Option<String> {
    let reference = reference.split('#').next()?;
    if reference.is_empty() {
        return None;
    }
    let (scheme, rest) = base.split_once("://")?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at(end);
    let path = target.split('?').next()?;
    let url = if has_scheme(reference) {
        let (scheme, rest) = reference.split_once(':')?;
        format!("{}:{rest}", scheme.to_ascii_lowercase())
    } else if reference.starts_with("//") {
        format!("{scheme}:{reference}")
    } else if reference.starts_with('/') {
        format!("{scheme}://{authority}{}", without_dots(reference))
    } else if reference.starts_with('?') {
        format!("{scheme}://{authority}{path}{reference}")
    } else {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{scheme}://{authority}{}", without_dots(&format!("{folder}/{reference}")))
    };
    let (from, to) = (HttpOrigin::parse(base)?, HttpOrigin::parse(&url)?);
    (to.is_secure || !from.is_secure).then_some(url)
}

/// Returns whether a reference begins with a scheme. A relative one may have a colon further on.
fn has_scheme(reference: &str) -> bool {
    let scheme = reference.split([':', '/', '?']).next().unwrap_or_default();
    let is_written_so = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(is_written_so)
        && reference.get(scheme.len()..).is_some_and(|rest| rest.starts_with(':'))
}

/// The path without `.` and `..` (RFC 3986, 5.2.4); a query stays as it is.
fn without_dots(target: &str) -> String {
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    let mut segments: Vec<&str> = Vec::new();
    let mut parts = path.split('/').skip(1).peekable();
    while let Some(part) = parts.next() {
        let is_last = parts.peek().is_none();
        match part {
            "." => {}
            ".." => {
                segments.pop();
            }
            part => {
                segments.push(part);
                continue;
            }
        }
        if is_last {
            segments.push("");
        }
    }
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("/{}{query}", segments.join("/"))
}

/// The part of a URL that everybody may read: without the query, which may be signed, and without a
/// user's name and password.
pub(super) fn public_part(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or(url);
    let Some((scheme, rest)) = url.split_once("//") else { return url.to_owned() };
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}//{host}{path}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn references_are_resolved_by_rfc_3986() {
        const BASE: &str = "https://r.io:5000/v2/a/blobs/uploads/?x=1";
        for (reference, expected) in [
            ("https://cdn.io/b?sig=a/b", "https://cdn.io/b?sig=a/b"),
            ("HTTPS://cdn.io/b", "https://cdn.io/b"),
            ("//cdn.io/b", "https://cdn.io/b"),
            ("/up/1?state=y#f", "https://r.io:5000/up/1?state=y"),
            ("1", "https://r.io:5000/v2/a/blobs/uploads/1"),
            ("./1?a=../b", "https://r.io:5000/v2/a/blobs/uploads/1?a=../b"),
            ("../1/", "https://r.io:5000/v2/a/blobs/1/"),
            ("../../../../../../1", "https://r.io:5000/1"),
            ("..", "https://r.io:5000/v2/a/blobs/"),
            ("?n=2", "https://r.io:5000/v2/a/blobs/uploads/?n=2"),
            ("up/sha256:1", "https://r.io:5000/v2/a/blobs/uploads/up/sha256:1"),
        ] {
            assert_eq!(resolve(BASE, reference).as_deref(), Some(expected), "{reference}");
        }
        assert_eq!(resolve("http://r.io", "up").as_deref(), Some("http://r.io/up"));
        assert_eq!(resolve("http://r.io?x", "/up").as_deref(), Some("http://r.io/up"));
    }

    #[test]
    fn invalid_redirect_or_one_that_leaves_tls_is_refused() {
        for reference in [
            "",
            "#f",
            "http://r.io/up",
            "http://cdn.io/up",
            "file:///etc/passwd",
            "sha256:1",
            "https:///up",
            "https://me:word@cdn.io/up",
            "//",
            "https://cdn.io/a b",
            "https://cdn.io:99999/",
        ] {
            assert_eq!(resolve("https://r.io/v2/", reference), None, "{reference}");
        }
        assert!(resolve("http://r.io/v2/", "http://cdn.io/up").is_some());
    }

    #[test]
    fn origin_is_scheme_host_and_port() {
        let same =
            |a: &str, b: &str| HttpOrigin::parse(a).unwrap() == HttpOrigin::parse(b).unwrap();
        assert!(same("https://R.io/a", "https://r.io:443/b"));
        assert!(same("http://r.io:/a", "http://r.io:80?b"));
        assert!(same("http://[::1]/a", "http://[::1]:80/"));
        assert!(!same("http://r.io/", "https://r.io/"));
        assert!(!same("https://r.io/", "https://r.io:5000/"));
        assert!(!same("https://r.io/", "https://r.io.evil.io/"));
    }

    proptest! {
        #[test]
        fn arbitrary_reference_never_leaves_tls(reference in "[/.:?#@%a-c\\[ é]{0,12}|(https?:)?//?[ -~]{0,9}") {
            if let Some(url) = resolve("https://r.io/v2/a", &reference) {
                prop_assert!(HttpOrigin::parse(&url).is_some_and(|origin| origin.is_secure()));
            }
        }
    }
}
