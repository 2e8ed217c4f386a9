use std::sync::Arc;

use arc_swap::ArcSwap;
use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use sha2::{Digest, Sha256};

use crate::system::watched_file::RejectedContents;

/// The bearer tokens that are taken. Only their digests are kept, and compared: how long that
/// takes tells nothing of a token.
#[derive(Debug, Clone)]
pub(crate) struct Tokens(Arc<ArcSwap<Vec<[u8; 32]>>>);

impl Tokens {
    /// From a file's text.
    ///
    /// # Errors
    /// A file without a token.
    pub(crate) fn of(text: &[u8]) -> Result<Self, &'static str> {
        Ok(Self(Arc::new(ArcSwap::from_pointee(parse(text)?))))
    }

    /// Takes the tokens of this text, and no others, from now on.
    ///
    /// # Errors
    /// A file without a token: nobody is admitted, as whoever emptied it wants.
    pub(crate) fn replace(&self, text: &[u8]) -> Result<(), RejectedContents> {
        let tokens = parse(text);
        self.0.store(Arc::new(tokens.clone().unwrap_or_default()));
        let refused = |problem: &str| RejectedContents {
            problem: format!("the file {problem}"),
            consequence: "nor are the former, and nobody is let in",
        };
        tokens.map(drop).map_err(refused)
    }

    /// Whether the request shows one of them.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> bool {
        let mut shown = headers.get_all(AUTHORIZATION).iter();
        // Of two, somebody before this server may have looked at the other.
        let (Some(value), None) = (shown.next(), shown.next()) else { return false };
        let Some((scheme, token)) = value.to_str().ok().and_then(|value| value.split_once(' '))
        else {
            return false;
        };
        let shown = digest(token.trim().as_bytes());
        scheme.eq_ignore_ascii_case("bearer") && self.0.load().contains(&shown)
    }
}

/// One token a line; empty lines and those that begin with `#` are none.
fn parse(text: &[u8]) -> Result<Vec<[u8; 32]>, &'static str> {
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
    fn one_of_the_tokens_opens() {
        let tokens = Tokens::of(b"# ours\none\r\n\n  two  \n").unwrap();
        for header in ["Bearer one", "bearer two", "Bearer  one "] {
            assert!(admits(&tokens, header), "{header}");
        }
        for header in ["Bearer", "Bearer ", "Bearer # ours", "Basic one", "one", "Bearer onetwo"] {
            assert!(!admits(&tokens, header), "{header}");
        }
        assert!(!tokens.admit(&HeaderMap::new()));
    }

    #[test]
    fn a_file_that_is_emptied_admits_nobody() {
        assert!(Tokens::of(b"").is_err());
        let tokens = Tokens::of(b"\xef\xbb\xbfone").unwrap();
        assert!(admits(&tokens, "Bearer one"));
        let refused = tokens.replace(b"# none\n").unwrap_err();
        assert_eq!(refused.problem, "the file holds no token: expected one a line");
        assert_eq!(refused.consequence, "nor are the former, and nobody is let in");
        assert!(!admits(&tokens, "Bearer one") && !admits(&tokens, "Bearer "));
        tokens.replace(b"two").unwrap();
        assert!(admits(&tokens, "Bearer two") && !admits(&tokens, "Bearer one"));
    }

    #[test]
    fn two_headers_are_none() {
        let tokens = Tokens::of(b"one").unwrap();
        let mut headers = HeaderMap::new();
        headers.append(AUTHORIZATION, "Bearer one".parse().unwrap());
        assert!(tokens.admit(&headers));
        headers.append(AUTHORIZATION, "Bearer two".parse().unwrap());
        assert!(!tokens.admit(&headers));
    }
}
