use std::sync::Arc;

use arc_swap::ArcSwap;
use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use sha2::{Digest, Sha256};

use crate::system::watched_file::RejectedContents;

/// The bearer tokens that are accepted. Only their digests are kept and compared, so that the time
/// it takes reveals nothing about a token.
#[derive(Debug, Clone)]
pub(crate) struct Tokens(Arc<ArcSwap<Vec<[u8; 32]>>>);

impl Tokens {
    /// Parses a file's text.
    ///
    /// # Errors
    /// When there is no token in it.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, &'static str> {
        Ok(Self(Arc::new(ArcSwap::from_pointee(digests(text)?))))
    }

    /// Replaces the tokens by those of this text.
    ///
    /// # Errors
    /// When there is no token in it. No token is accepted then, as emptying the file revokes all.
    pub(crate) fn replace(&self, text: &[u8]) -> Result<(), RejectedContents> {
        let tokens = digests(text);
        self.0.store(Arc::new(tokens.clone().unwrap_or_default()));
        let refused = |problem: &str| RejectedContents {
            problem: format!("the file {problem}"),
            consequence: "nor are the former, and all requests are refused",
        };
        tokens.map(drop).map_err(refused)
    }

    /// Tells whether a request has one of the tokens.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> bool {
        let mut shown = headers.get_all(AUTHORIZATION).iter();
        // With two headers, a proxy may have checked the other one.
        let (Some(value), None) = (shown.next(), shown.next()) else { return false };
        let Some((scheme, token)) = value.to_str().ok().and_then(|value| value.split_once(' '))
        else {
            return false;
        };
        scheme.eq_ignore_ascii_case("bearer") && self.is_one(token.trim().as_bytes())
    }

    /// Tells whether this is one of the tokens.
    pub(crate) fn is_one(&self, shown: &[u8]) -> bool {
        self.0.load().contains(&digest(shown))
    }
}

/// The digests of tokens, one a line. Empty lines and comments (`#`) are skipped.
fn digests(text: &[u8]) -> Result<Vec<[u8; 32]>, &'static str> {
    let tokens: Vec<_> = text
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(text)
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty() && !line.starts_with(b"#"))
        .map(digest)
        .collect();
    if tokens.is_empty() { Err("holds no token: expected one a line") } else { Ok(tokens) }
}

fn digest(token: &[u8]) -> [u8; 32] {
    Sha256::digest(token).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(tokens: &Tokens, header: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, header.parse().unwrap());
        tokens.admit(&headers)
    }

    #[test]
    fn any_token_is_accepted() {
        let tokens = Tokens::parse(b"# ours\none\r\n\n  two  \n").unwrap();
        for header in ["Bearer one", "bearer two", "Bearer  one "] {
            assert!(admits(&tokens, header), "{header}");
        }
        for header in ["Bearer", "Bearer ", "Bearer # ours", "Basic one", "one", "Bearer onetwo"] {
            assert!(!admits(&tokens, header), "{header}");
        }
        assert!(!tokens.admit(&HeaderMap::new()));
    }

    #[test]
    fn emptied_file_admits_nobody() {
        assert!(Tokens::parse(b"").is_err());
        let tokens = Tokens::parse(b"\xef\xbb\xbfone").unwrap();
        assert!(admits(&tokens, "Bearer one"));
        let refused = tokens.replace(b"# none\n").unwrap_err();
        assert_eq!(refused.problem, "the file holds no token: expected one a line");
        assert_eq!(refused.consequence, "nor are the former, and all requests are refused");
        assert!(!admits(&tokens, "Bearer one") && !admits(&tokens, "Bearer "));
        tokens.replace(b"two").unwrap();
        assert!(admits(&tokens, "Bearer two") && !admits(&tokens, "Bearer one"));
    }

    #[test]
    fn two_authorization_headers_are_refused() {
        let tokens = Tokens::parse(b"one").unwrap();
        let mut headers = HeaderMap::new();
        headers.append(AUTHORIZATION, "Bearer one".parse().unwrap());
        assert!(tokens.admit(&headers));
        headers.append(AUTHORIZATION, "Bearer two".parse().unwrap());
        assert!(!tokens.admit(&headers));
    }
}
