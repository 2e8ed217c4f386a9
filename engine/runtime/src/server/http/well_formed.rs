//! The rules of HTTP for a request's head that the parser does not check.
//!
//! Responses do not depend on the host's name, but proxies decide by it who may ask what. A request
//! that a proxy and this server could read in two ways is refused. The parser itself refuses folded
//! lines, spaces before a colon, and lengths that are not numbers or differ; it ignores a length
//! beside chunks, and closes the connection after the response.

use hyper::header::{HOST, HeaderValue, TRANSFER_ENCODING};
use hyper::http::request::Parts;
use hyper::{StatusCode, Version};

/// The error of a malformed head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("the request has no `host` header: expected one")]
    NoHost,
    #[error("the request has {0} `host` headers: expected one")]
    Hosts(usize),
    #[error("the request's `host` header is not a host with or without a port")]
    Host,
    #[error("the request's `:authority` is not a host with or without a port")]
    Authority,
    #[error("the request's `host` header differs from its `:authority`; leave one of them out")]
    HostsDiffer,
    #[error("the request's `transfer-encoding` is not known: expected `chunked` alone")]
    Coding,
}

impl Malformed {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Coding => StatusCode::NOT_IMPLEMENTED,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// Checks a head by RFC 9112 (3.2, 6.1) and RFC 9113 (8.3.1).
///
/// # Errors
/// The first mistake.
pub(crate) fn check(head: &Parts) -> Result<(), Malformed> {
    let mut codings = head.headers.get_all(TRANSFER_ENCODING).iter();
    if let Some(coding) = codings.next()
        && (codings.next().is_some() || !coding.as_bytes().eq_ignore_ascii_case(b"chunked"))
    {
        return Err(Malformed::Coding);
    }
    let mut hosts = head.headers.get_all(HOST).iter();
    let host = hosts.next();
    if host.is_some() && hosts.next().is_some() {
        return Err(Malformed::Hosts(hosts.count() + 2));
    }
    let host = host.map(HeaderValue::as_bytes);
    let authority = head.uri.authority();
    if authority.is_some_and(|authority| !is_host(authority.as_str().as_bytes())) {
        return Err(Malformed::Authority);
    }
    if head.version == Version::HTTP_2 {
        return match (host, authority) {
            (None, None) => Err(Malformed::NoHost),
            (Some(host), _) if host.is_empty() || !is_host(host) => Err(Malformed::Host),
            (Some(host), Some(authority))
                if !host.eq_ignore_ascii_case(authority.as_str().as_bytes()) =>
            {
                Err(Malformed::HostsDiffer)
            }
            _ => Ok(()),
        };
    }
    match host {
        // The header may be empty, as over a unix socket. The authority of a target takes precedence
        // over it.
        Some(host) if !host.is_empty() && !is_host(host) => Err(Malformed::Host),
        None if head.version == Version::HTTP_11 => Err(Malformed::NoHost),
        _ => Ok(()),
    }
}

/// Tells whether a text is `host` or `host:port` (RFC 3986, 3.2), without a user before it, and
/// without percent signs, which servers read in several ways.
fn is_host(text: &[u8]) -> bool {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(byte);
    let is_literal = |byte: &u8| byte.is_ascii_hexdigit() || b":.".contains(byte);
    let (host, rest) = match text.strip_prefix(b"[") {
        Some(literal) => {
            let length = literal.iter().take_while(|byte| is_literal(byte)).count();
            let (host, rest) = literal.split_at(length);
            let Some(rest) = rest.strip_prefix(b"]") else { return false };
            (host, rest)
        }
        None => text.split_at(text.iter().take_while(|byte| is_name(byte)).count()),
    };
    let is_port = match rest.strip_prefix(b":") {
        // The port may be empty, as in `http://a:/`.
        Some(port) => port.is_empty() || str::from_utf8(port).is_ok_and(is_port),
        None => rest.is_empty(),
    };
    !host.is_empty() && is_port
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn checked(version: Version, target: &str, headers: &[(&str, &str)]) -> Result<(), Malformed> {
        let mut request = Request::builder().version(version).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        check(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn request_has_exactly_one_host() {
        let host = |host| checked(Version::HTTP_11, "/", &[("host", host)]);
        for good in ["a", "a:80", "a:", "A.example.com:8181", "10.0.0.1", "[::1]", "[::1]:1", ""] {
            assert_eq!(host(good), Ok(()), "{good}");
        }
        for bad in [
            "a b",
            "a/b",
            "a@b",
            "user:pass@a",
            "a:b",
            "a:99999",
            "a:-1",
            "a:+1",
            ":80",
            "[::1",
            "::1",
            "[]",
            "[a",
            "[::1]a",
            "a#b",
            "a?b",
            "http://a",
            "a\\b",
            "ä",
            "a%2e",
            "a:1:1",
        ] {
            assert_eq!(host(bad), Err(Malformed::Host), "{bad}");
        }
        assert_eq!(checked(Version::HTTP_11, "/", &[]), Err(Malformed::NoHost));
        assert_eq!(checked(Version::HTTP_10, "/", &[]), Ok(()));
        for version in [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2] {
            let two = [("host", "a"), ("host", "a")];
            assert_eq!(checked(version, "/", &two), Err(Malformed::Hosts(2)));
        }
    }

    #[test]
    fn authority_of_the_target_and_host_must_agree() {
        let one = |target, host| checked(Version::HTTP_11, target, &[("host", host)]);
        assert_eq!(one("http://a/x", "a"), Ok(()));
        assert_eq!(one("http://a/x", "b"), Ok(()), "RFC 9112, 3.2.2: the header is ignored");
        assert_eq!(one("http://u:p@a/x", "a"), Err(Malformed::Authority));
        assert_eq!(checked(Version::HTTP_11, "http://a/x", &[]), Err(Malformed::NoHost));

        let two = |target, headers: &[(&str, &str)]| checked(Version::HTTP_2, target, headers);
        assert_eq!(two("http://a/x", &[]), Ok(()));
        assert_eq!(two("http://a/x", &[("host", "A")]), Ok(()));
        assert_eq!(two("http://a/x", &[("host", "b")]), Err(Malformed::HostsDiffer));
        assert_eq!(two("/x", &[("host", "b")]), Ok(()));
        assert_eq!(two("/x", &[("host", "")]), Err(Malformed::Host));
        assert_eq!(two("/x", &[]), Err(Malformed::NoHost));
    }

    #[test]
    fn chunked_is_the_only_transfer_coding() {
        let coded = |codings: &[&str]| {
            let mut headers = vec![("host", "a")];
            headers.extend(codings.iter().map(|coding| ("transfer-encoding", *coding)));
            checked(Version::HTTP_11, "/", &headers)
        };
        for good in [&[][..], &["chunked"], &["Chunked"]] {
            assert_eq!(coded(good), Ok(()), "{good:?}");
        }
        for bad in [
            &["gzip, chunked"][..],
            &["gzip", "chunked"],
            &["chunked", "chunked"],
            &["chunked, chunked"],
            &["identity"],
            &["chunked;q=1"],
        ] {
            let coded = coded(bad);
            assert_eq!(coded, Err(Malformed::Coding), "{bad:?}");
        }
    }
}
