//! Who may see the console, and who may have it evaluate.

use std::net::IpAddr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::header::{AUTHORIZATION, HOST, HeaderName, HeaderValue, ORIGIN};
use hyper::http::request::Parts;
use hyper::http::uri::Authority;
use hyper::{HeaderMap, StatusCode};

use crate::server::http::auth::Tokens;

/// The header by which browsers tell what site a request is from.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The headers by which they tell what it is for.
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// The reason why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error(
        "a token of this server's is needed: send it as `authorization: Bearer`, or as the password \
         that the browser asks for, with any name"
    )]
    NoToken,
    /// A site may have its name lead to this machine, and so read what it shows.
    #[error(
        "the console was asked for by a name that is not this machine's: expected `localhost` or an \
         address such as `127.0.0.1`; set `tokens` to let other names in"
    )]
    OtherHost,
    #[error("another site asks for this: open it from the console itself")]
    OtherSite,
}

impl Refusal {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::NoToken => StatusCode::UNAUTHORIZED,
            Self::OtherHost | Self::OtherSite => StatusCode::FORBIDDEN,
        }
    }
}

/// Lets a request in.
///
/// With tokens, it has one: as a bearer, or as the password of basic authentication, which browsers
/// ask for by themselves. Without tokens the console listens on a loopback address or a socket, or
/// asks for certificates; there, only a name of this machine is let in, whatever name leads to it.
///
/// # Errors
/// The reason why it is not.
pub(super) fn admit(
    head: &Parts,
    tokens: Option<&Tokens>,
    is_loopback: bool,
) -> Result<(), Refusal> {
    match tokens {
        Some(tokens) if has_token(&head.headers, tokens) => Ok(()),
        Some(_) => Err(Refusal::NoToken),
        None if is_loopback && !names_loopback(head) => Err(Refusal::OtherHost),
        None => Ok(()),
    }
}

/// Checks that no page of another site asks: it could not read the answer, but the time that it takes
/// to find something. Links of other sites lead here all the same, to pages without a query.
///
/// # Errors
/// When one does.
pub(super) fn check_site(head: &Parts) -> Result<(), Refusal> {
    let header = |name: HeaderName| head.headers.get(name);
    let is_own = header(SEC_FETCH_SITE).is_none_or(|site| site == "same-origin" || site == "none");
    let is_link = header(SEC_FETCH_MODE).is_some_and(|mode| mode == "navigate")
        && header(SEC_FETCH_DEST).is_some_and(|destination| destination == "document")
        && head.uri.query().is_none();
    if is_own || is_link { Ok(()) } else { Err(Refusal::OtherSite) }
}

/// Checks that a form was sent from a page of this console, or by no browser.
///
/// # Errors
/// When it was sent from elsewhere.
pub(super) fn check_origin(head: &Parts) -> Result<(), Refusal> {
    let is_foreign = match (head.headers.get(SEC_FETCH_SITE), head.headers.get(ORIGIN)) {
        (Some(site), _) => site != "same-origin" && site != "none",
        (None, Some(origin)) => {
            origin_host(origin).is_none_or(|origin| host(head).as_ref() != Some(&origin))
        }
        (None, None) => false,
    };
    if is_foreign { Err(Refusal::OtherSite) } else { Ok(()) }
}

fn has_token(headers: &HeaderMap, tokens: &Tokens) -> bool {
    tokens.admit(headers) || password(headers).is_some_and(|password| tokens.is_one(&password))
}

/// The password of basic authentication.
fn password(headers: &HeaderMap) -> Option<Vec<u8>> {
    let mut shown = headers.get_all(AUTHORIZATION).iter();
    // With two headers, a proxy may have checked the other one.
    let (Some(value), None) = (shown.next(), shown.next()) else { return None };
    let (scheme, credentials) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = BASE64_STANDARD.decode(credentials.trim()).ok()?;
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    decoded.get(colon + 1..).map(<[u8]>::to_vec)
}

/// The host and port that a request names.
fn host(head: &Parts) -> Option<Authority> {
    let named = head.headers.get(HOST).and_then(|host| host.to_str().ok()?.parse().ok());
    head.uri.authority().cloned().or(named)
}

fn origin_host(origin: &HeaderValue) -> Option<Authority> {
    origin.to_str().ok()?.split_once("://")?.1.parse().ok()
}

fn names_loopback(head: &Parts) -> bool {
    let Some(authority) = host(head) else { return false };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let is_address =
        || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback());
    host.eq_ignore_ascii_case("localhost") || is_address()
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn head(headers: &[(&str, &str)]) -> Parts {
        let request = headers.iter().fold(Request::builder().uri("/"), |request, (name, value)| {
            request.header(*name, *value)
        });
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn token_is_a_bearer_or_a_password() {
        let tokens = Tokens::parse(b"s:ecret").unwrap();
        for (value, is_admitted) in [
            ("Bearer s:ecret", true),
            // `me:s:ecret`
            ("Basic bWU6czplY3JldA==", true),
            ("basic OnM6ZWNyZXQ=", true),
            // `me:other`
            ("Basic bWU6b3RoZXI=", false),
            // `s:ecret`, of which the password is `ecret`
            ("Basic czplY3JldA==", false),
            ("Basic !", false),
            ("Basic", false),
        ] {
            let refusal = admit(&head(&[("authorization", value)]), Some(&tokens), true);
            assert_eq!(
                refusal,
                if is_admitted { Ok(()) } else { Err(Refusal::NoToken) },
                "{value}"
            );
        }
        assert_eq!(
            admit(&head(&[("host", "localhost")]), Some(&tokens), true),
            Err(Refusal::NoToken)
        );
    }

    #[test]
    fn loopback_answers_to_its_own_names_only() {
        for host in ["localhost", "LOCALHOST:8383", "127.0.0.1:1", "127.9.9.9", "[::1]:8383"] {
            assert_eq!(admit(&head(&[("host", host)]), None, true), Ok(()), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "10.0.0.1", "", "127.0.0.1.nip.io"] {
            let refused = admit(&head(&[("host", host)]), None, true);
            assert_eq!(refused, Err(Refusal::OtherHost), "{host}");
        }
        assert_eq!(admit(&head(&[("host", "evil.example")]), None, false), Ok(()));
    }

    #[test]
    fn other_sites_may_link_to_pages_and_nothing_else() {
        let check = |uri: &str, site: &str, mode: &str, destination: &str| {
            let mut head = head(&[
                ("sec-fetch-site", site),
                ("sec-fetch-mode", mode),
                ("sec-fetch-dest", destination),
            ]);
            head.uri = uri.parse().unwrap();
            check_site(&head)
        };
        assert_eq!(check_site(&head(&[])), Ok(()));
        assert_eq!(check("/decisions?text=a", "same-origin", "cors", "empty"), Ok(()));
        assert_eq!(check("/decisions?text=a", "none", "navigate", "document"), Ok(()));
        assert_eq!(check("/decisions", "cross-site", "navigate", "document"), Ok(()));
        for (uri, mode, destination) in [
            ("/decisions?text=a", "navigate", "document"),
            ("/decisions", "no-cors", "empty"),
            ("/decisions", "navigate", "iframe"),
            ("/assets/console.css", "no-cors", "style"),
        ] {
            for site in ["cross-site", "same-site"] {
                let refused = check(uri, site, mode, destination);
                assert_eq!(refused, Err(Refusal::OtherSite), "{uri} {mode} {destination}");
            }
        }
    }

    #[test]
    fn forms_of_other_sites_are_refused() {
        for headers in [
            &[][..],
            &[("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "none")],
            &[("origin", "http://localhost:8383"), ("host", "localhost:8383")],
        ] {
            assert_eq!(check_origin(&head(headers)), Ok(()), "{headers:?}");
        }
        for headers in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "http://evil.example"), ("host", "localhost:8383")],
            &[("origin", "http://localhost:1"), ("host", "localhost:8383")],
            &[("origin", "null"), ("host", "localhost:8383")],
        ] {
            assert_eq!(check_origin(&head(headers)), Err(Refusal::OtherSite), "{headers:?}");
        }
    }
}
