use std::fmt::{self, Write as _};

use ureq::http::header::WWW_AUTHENTICATE;
use ureq::http::{HeaderMap, HeaderValue};

use super::location::HttpOrigin;
use super::quote::quoted;

/// A registry's demand for authentication.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// With a token that another server gives out
    /// (distribution.github.io/distribution/spec/auth/token).
    Bearer { realm: String, service: Option<String> },
    /// With name and password in every request.
    Basic,
}

impl Challenge {
    /// Parses the challenge to meet: by a token where that is possible.
    pub(super) fn parse(headers: &HeaderMap) -> Option<Self> {
        let texts: Vec<_> = headers.get_all(WWW_AUTHENTICATE).iter().map(in_ascii).collect();
        let mut found = None;
        for Offer { scheme, parameters } in texts.iter().flat_map(|text| offers(text)) {
            let parameter = |name: &str| {
                let mut all = parameters.iter();
                let found = all.find(|(key, _)| key.eq_ignore_ascii_case(name));
                found.map(|(_, value)| value.clone()).filter(|value| !value.is_empty())
            };
            if scheme.eq_ignore_ascii_case("basic") {
                found = Some(Self::Basic);
            } else if scheme.eq_ignore_ascii_case("bearer") {
                let realm = parameter("realm").filter(|realm| HttpOrigin::parse(realm).is_some());
                if let Some(realm) = realm {
                    let realm = realm.split('#').next().unwrap_or_default().to_owned();
                    return Some(Self::Bearer { realm, service: parameter("service") });
                }
            }
        }
        found
    }
}

/// One of the challenges of a header, as it is written.
struct Offer<'a> {
    scheme: &'a str,
    parameters: Vec<(&'a str, String)>,
}

/// The challenges of a header (RFC 9110, 11.6.1), those that are written otherwise as well: a
/// library that gives up at the first fault would lose the others.
fn offers(header: &str) -> Vec<Offer<'_>> {
    let mut offers: Vec<Offer<'_>> = Vec::new();
    for item in items(header) {
        let end = item.find([' ', '\t', '=']).unwrap_or(item.len());
        let (token, rest) = item.split_at(end);
        let rest = rest.trim_start();
        // `name = value` goes on with a challenge; anything else begins one.
        let (offer, written) = match (offers.last_mut(), rest.starts_with('=')) {
            (Some(offer), true) => (offer, item),
            (None, true) => continue,
            (_, false) => {
                offers.push(Offer { scheme: token, parameters: Vec::new() });
                let Some(offer) = offers.last_mut() else { continue };
                (offer, rest)
            }
        };
        if let Some((name, value)) = written.split_once('=') {
            offer.parameters.push((name.trim_end(), unquoted(value.trim_start())));
        }
    }
    offers
}

/// Splits at the commas that are not in quotes.
fn items(header: &str) -> impl Iterator<Item = &str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let parts = header.split(move |character| {
        let is_literal = std::mem::replace(&mut is_escaped, is_quoted && character == '\\');
        if is_literal {
            is_escaped = false;
        } else if character == '"' {
            is_quoted = !is_quoted;
        }
        character == ',' && !is_quoted
    });
    parts.map(str::trim).filter(|item| !item.is_empty())
}

fn unquoted(value: &str) -> String {
    let Some(quoted) = value.strip_prefix('"') else { return value.to_owned() };
    let mut text = String::new();
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => break,
            '\\' => text.extend(characters.next()),
            character => text.push(character),
        }
    }
    text
}

/// Describes headers without a challenge that can be met.
pub(super) fn describe_unmet(headers: &HeaderMap) -> String {
    let texts = headers.get_all(WWW_AUTHENTICATE).iter();
    let texts: Vec<_> = texts.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    if texts.is_empty() {
        return "with 401, but not how to log in: without a `WWW-Authenticate`".to_owned();
    }
    let shown = quoted(&texts.join(", "));
    format!(
        "with 401 and the `WWW-Authenticate`{shown}, in which there is neither `Basic` nor \
         `Bearer` with the URL of a token server as its `realm`"
    )
}

/// Of other characters than ASCII's nothing is said in a challenge: as in a URL.
fn in_ascii(value: &HeaderValue) -> String {
    let mut text = String::new();
    for &byte in value.as_bytes() {
        if byte.is_ascii() {
            text.push(byte.into());
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// The purpose of a client, which decides the scope of its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Pull,
    Push,
}

impl Purpose {
    pub(super) fn actions(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "pull,push",
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pull => "failed to read from",
            Self::Push => "failed to push to",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn headers(texts: &[&str]) -> HeaderMap {
        let all = texts.iter().map(|text| HeaderValue::from_bytes(text.as_bytes()).unwrap());
        all.map(|value| (WWW_AUTHENTICATE, value)).collect()
    }

    fn parsed(texts: &[&str]) -> Option<Challenge> {
        Challenge::parse(&headers(texts))
    }

    #[test]
    fn bearer_challenge_outranks_basic() {
        let bearer = || Challenge::Bearer {
            realm: "https://auth.io/token?a=b".to_owned(),
            service: Some("r.io, with a comma".to_owned()),
        };
        let text = "Bearer realm=\"https://auth.io/token?a=b\",service=\"r.io, with a comma\",\
                    scope=\"repository:a:pull,push\"";
        assert_eq!(parsed(&["Basic realm=\"r\"", text]), Some(bearer()));
        assert_eq!(parsed(&[&format!("Basic realm=\"a, \\\"b\\\"\", {text}")]), Some(bearer()));
        let shouted = text.replacen("Bearer realm", "BEARER  REALM", 1).replace("\",s", "\" , s");
        assert_eq!(parsed(&[&format!("{shouted}, Basic realm=r")]), Some(bearer()));
        assert_eq!(parsed(&["Basic realm=\"r\""]), Some(Challenge::Basic));
        assert_eq!(parsed(&["Basic realm=\"Grüße\""]), Some(Challenge::Basic));
        assert_eq!(parsed(&["Negotiate", "BASIC realm=x"]), Some(Challenge::Basic));
        assert_eq!(parsed(&["Negotiate, Basic"]), Some(Challenge::Basic));
        assert_eq!(parsed(&["Bearer realm=\"here\", Basic realm=x"]), Some(Challenge::Basic));
        assert_eq!(parsed(&["Basic realm=x, Negotiate YII/a+b=="]), Some(Challenge::Basic));
        assert_eq!(parsed(&["Negotiate YII/a+b==, Basic realm=x"]), Some(Challenge::Basic));
        let bare = "Bearer realm=https://auth.io/token?a=b, service=r.io, scope=a";
        let service = Some("r.io".to_owned());
        let realm = "https://auth.io/token?a=b".to_owned();
        assert_eq!(parsed(&[bare]), Some(Challenge::Bearer { realm, service }));
    }

    #[test]
    fn unsupported_challenge_is_quoted() {
        for text in
            ["Negotiate", "Bearer scope=\"a\"", "Bearer realm=\"auth.io/token\"", "é", "realm=x"]
        {
            assert_eq!(parsed(&[text]), None, "{text}");
            assert_eq!(
                describe_unmet(&headers(&[text])),
                format!(
                    "with 401 and the `WWW-Authenticate` (`{text}`), in which there is neither \
                     `Basic` nor `Bearer` with the URL of a token server as its `realm`"
                )
            );
        }
        assert_eq!(parsed(&[]), None);
        assert_eq!(
            describe_unmet(&headers(&[])),
            "with 401, but not how to log in: without a `WWW-Authenticate`"
        );
    }

    proptest! {
        #[test]
        fn arbitrary_header_never_panics(text in "(Bearer|Basic|[ -~]{0,8})[ -~é]{0,40}") {
            let _ = parsed(&[&text]);
            let _ = describe_unmet(&headers(&[&text]));
        }
    }
}
