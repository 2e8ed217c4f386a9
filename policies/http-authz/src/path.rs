use std::borrow::Cow;

use crate::decision::Flaw;
use crate::delimiters::{flaw_of, flaw_of_segment, is_hidden};

/// A path that has one meaning only, without its query.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlainPath<'p>(&'p str);

impl<'p> PlainPath<'p> {
    /// Refuses a path that a server behind this policy could take for another one.
    pub(crate) fn parse(target: &'p str) -> Result<Self, Flaw> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        if !path.starts_with('/') {
            return Err(Flaw::NotAbsolute);
        }
        if is_remarkable(path.as_bytes()) {
            find_flaw(path)?;
        }
        // What follows would be another line, or another request.
        if query.bytes().fold(false, |found, byte| found | byte.is_ascii_control()) {
            return Err(Flaw::Control);
        }
        Ok(Self(path))
    }

    /// A path as a server that decodes otherwise reads it.
    #[cfg(test)]
    pub(crate) fn unchecked(path: &'p str) -> Self {
        Self(path)
    }

    pub(crate) fn as_str(self) -> &'p str {
        self.0
    }
}

/// Returns whether anything in a path asks for a closer look: in nearly all there is nothing.
///
/// It looks at every byte whatever it finds, which the compiler makes vector instructions of.
fn is_remarkable(path: &[u8]) -> bool {
    let bytes = path.iter().fold(false, |found, byte| {
        found | matches!(byte, b'%' | b'#' | b';' | b'\\' | 0..=b' ' | 0x7f..)
    });
    let pairs = path.iter().zip(path.iter().skip(1)).fold(false, |found, (byte, next)| {
        found | ((*byte == b'/') & matches!(next, b'/' | b'.' | b'+'))
    });
    bytes | pairs
}

/// The first flaw of a path, which starts with `/`.
fn find_flaw(path: &str) -> Result<(), Flaw> {
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        // The last may be empty, as in `/a/`.
        if segment.is_empty() && segments.peek().is_none() {
            break;
        }
        let name = unescaped(segment)?;
        if let Some(flaw) = name.chars().find_map(flaw_of).or_else(|| flaw_of_segment(&name)) {
            return Err(flaw);
        }
        if segment.contains(' ') {
            return Err(Flaw::Blank);
        }
    }
    Ok(())
}

/// A segment with its escapes taken for what they stand for.
fn unescaped(segment: &str) -> Result<Cow<'_, str>, Flaw> {
    if !segment.contains('%') {
        return Ok(Cow::Borrowed(segment));
    }
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        if *byte != b'%' {
            bytes.push(*byte);
            continue;
        }
        let escaped = unescape(after).ok_or(Flaw::BrokenEscape)?;
        if is_hidden(escaped) {
            return Err(Flaw::HiddenDelimiter);
        }
        bytes.push(escaped);
        rest = after.get(2..).unwrap_or_default();
    }
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| Flaw::NotUtf8)
}

fn unescape(digits: &[u8]) -> Option<u8> {
    let [high, low, ..] = digits else { return None };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ambiguous_path_is_refused() {
        for (path, flaw) in [
            ("", Flaw::NotAbsolute),
            ("a/b", Flaw::NotAbsolute),
            ("http://host/a", Flaw::NotAbsolute),
            ("?/a", Flaw::NotAbsolute),
            ("//a", Flaw::EmptySegment),
            ("/a//", Flaw::EmptySegment),
            ("/%20/a", Flaw::EmptySegment),
            ("/a/%c2%a0", Flaw::EmptySegment),
            ("/a/%E2%80%8B/b", Flaw::EmptySegment),
            ("/.", Flaw::DotSegment),
            ("/a/../b", Flaw::DotSegment),
            ("/a/..", Flaw::DotSegment),
            ("/a/..?b", Flaw::DotSegment),
            ("/...", Flaw::DotSegment),
            ("/a/..+/b", Flaw::DotSegment),
            ("/a/+../b", Flaw::DotSegment),
            ("/a/.\u{200b}./b", Flaw::DotSegment),
            ("/a/%EF%BC%8E%EF%BC%8E/b", Flaw::DotSegment),
            ("/a/\u{2024}./b", Flaw::DotSegment),
            ("/a/\u{2025}", Flaw::DotSegment),
            ("/a/..%20/b", Flaw::Blank),
            ("/a/%20../b", Flaw::Blank),
            ("/a/.%20", Flaw::Blank),
            ("/a/.. /b", Flaw::Blank),
            ("/a/b%20", Flaw::Blank),
            ("/a b", Flaw::Blank),
            ("/a/..;x=1/b", Flaw::Parameter),
            ("/a;b", Flaw::Parameter),
            ("/teams/;x/members", Flaw::Parameter),
            ("/a\\b", Flaw::Backslash),
            ("/a\0", Flaw::Control),
            ("/a\nb", Flaw::Control),
            ("/a\tb", Flaw::Control),
            ("/a?b\r\nGET /admin", Flaw::Control),
            ("/a\u{85}b", Flaw::Control),
            ("/a%E2%80%A8b", Flaw::Control),
            ("/a/%2e%2e/b", Flaw::HiddenDelimiter),
            ("/a%2Fb", Flaw::HiddenDelimiter),
            ("/a%5cb", Flaw::HiddenDelimiter),
            ("/a%00", Flaw::HiddenDelimiter),
            ("/a%09b", Flaw::HiddenDelimiter),
            ("/a%0d%0ab", Flaw::HiddenDelimiter),
            ("/public/..%3b/admin", Flaw::HiddenDelimiter),
            ("/public/..%3B/admin", Flaw::HiddenDelimiter),
            ("/a%3fb", Flaw::HiddenDelimiter),
            ("/a%23b", Flaw::HiddenDelimiter),
            ("/%252e%252e/", Flaw::HiddenDelimiter),
            ("/a%253bb", Flaw::HiddenDelimiter),
            ("/a%", Flaw::BrokenEscape),
            ("/a%2", Flaw::BrokenEscape),
            ("/a%2/f", Flaw::BrokenEscape),
            ("/a%zz", Flaw::BrokenEscape),
            ("/a%+1", Flaw::BrokenEscape),
            ("/a%u002e", Flaw::BrokenEscape),
            ("/public#/../admin", Flaw::Fragment),
            ("/a/%c0%ae%c0%ae/b", Flaw::NotUtf8),
            ("/a/%ff", Flaw::NotUtf8),
            ("/a\u{ff0f}b", Flaw::LookAlike),
            ("/a%EF%BC%8Fb", Flaw::LookAlike),
            ("/a%E2%88%95b", Flaw::LookAlike),
            ("/..%C2%A5admin", Flaw::LookAlike),
            ("/..%cd%be/admin", Flaw::LookAlike),
        ] {
            assert_eq!(PlainPath::parse(path).unwrap_err(), flaw, "{path:?}");
        }
    }

    #[test]
    fn unambiguous_paths_are_accepted() {
        for path in [
            "/",
            "/a/",
            "/.well-known/x",
            "/a..b/c.",
            "/caf\u{e9}",
            "/a%20b",
            "/caf%C3%A9",
            "/%E6%97%A5%E6%9C%AC%E3%80%82",
            "/@me/~alice/v1:list/a,b",
            "/c++/+/1",
            "/a(b)!$&'=*",
            "/-/_",
            "/a?q=../..;#",
        ] {
            assert!(PlainPath::parse(path).is_ok(), "{path}");
        }
    }

    proptest! {
        /// No flaw escapes the quick look.
        #[test]
        fn fast_scan_misses_no_flaw(path in r"/([.+a/ %2c0;#\\\x00\x7f]|\PC){0,40}") {
            prop_assert!(is_remarkable(path.as_bytes()) || find_flaw(&path).is_ok());
        }
    }
}
