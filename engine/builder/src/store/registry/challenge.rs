use std::fmt;

use http_auth::ChallengeParser;
use ureq::http::HeaderMap;
use ureq::http::header::WWW_AUTHENTICATE;

/// How a registry wants to be told who asks.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// With a token that another server gives out
    /// (distribution.github.io/distribution/spec/auth/token).
    Bearer { realm: String, service: Option<String> },
    /// With name and password in every request.
    Basic,
}

impl Challenge {
    /// The challenge to meet: by a token where that is possible.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let texts = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|it| it.to_str().ok());
        let mut found = None;
        for challenge in texts.flat_map(|text| ChallengeParser::new(text).map_while(Result::ok)) {
            if challenge.scheme.eq_ignore_ascii_case("basic") {
                found = Some(Self::Basic);
            } else if challenge.scheme.eq_ignore_ascii_case("bearer") {
                let parameter = |name: &str| {
                    let mut all = challenge.params.iter();
                    let found = all.find(|(key, _)| key.eq_ignore_ascii_case(name));
                    found.map(|(_, value)| value.to_unescaped())
                };
                if let Some(realm) = parameter("realm") {
                    return Some(Self::Bearer { realm, service: parameter("service") });
                }
            }
        }
        found
    }
}

/// What is to be done in a repository, as a token's scope has it.
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
            Self::Pull => "read from",
            Self::Push => "push to",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(texts: &[&str]) -> Option<Challenge> {
        let mut headers = HeaderMap::new();
        for text in texts {
            headers.append(WWW_AUTHENTICATE, text.parse().unwrap());
        }
        Challenge::of(&headers)
    }

    #[test]
    fn a_token_is_preferred_to_a_password() {
        let bearer = Challenge::Bearer {
            realm: "https://auth.io/token?a=b".to_owned(),
            service: Some("r.io, with a comma".to_owned()),
        };
        let text = "Bearer realm=\"https://auth.io/token?a=b\",service=\"r.io, with a comma\",\
                    scope=\"repository:a:pull,push\"";
        assert_eq!(of(&["Basic realm=\"r\"", text]), Some(bearer));
        assert_eq!(of(&["Basic realm=\"r\""]), Some(Challenge::Basic));
        assert_eq!(of(&["Negotiate", "BASIC realm=x"]), Some(Challenge::Basic));
        assert_eq!(of(&["Negotiate"]), None);
        assert_eq!(of(&["Bearer scope=\"a\""]), None);
        assert_eq!(of(&[]), None);
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "(Bearer|Basic|[ -~]{0,8})[ -~]{0,40}") {
            let _ = of(&[&text]);
        }
    }
}
