use crate::decision::Flaw;

/// A path that has one meaning only, without its query.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlainPath<'p>(&'p str);

impl<'p> PlainPath<'p> {
    /// Refuses a path that a server behind this policy could take for another one.
    pub(crate) fn parse(target: &'p str) -> Result<Self, Flaw> {
        let path = target.split_once('?').map_or(target, |(path, _)| path);
        if !path.starts_with('/') {
            return Err(Flaw::NotAbsolute);
        }
        if is_remarkable(path.as_bytes()) {
            find_flaw(path)?;
        }
        Ok(Self(path))
    }

    pub(crate) fn as_str(self) -> &'p str {
        self.0
    }
}

/// Whether anything in a path asks for a closer look: in nearly all there is nothing.
///
/// It looks at every byte whatever it finds, which the compiler makes vector instructions of.
fn is_remarkable(path: &[u8]) -> bool {
    let bytes = path
        .iter()
        .fold(false, |found, byte| found | matches!(byte, b'%' | b'#' | b'\\' | 0..=0x1f | 0x7f));
    let pairs = path.iter().zip(path.iter().skip(1)).fold(false, |found, (byte, next)| {
        found | ((*byte == b'/') & matches!(next, b'/' | b'.' | b';'))
    });
    bytes | pairs
}

/// The first flaw of a path, which starts with `/`.
fn find_flaw(path: &str) -> Result<(), Flaw> {
    let mut rest = path.as_bytes();
    let mut previous = 0;
    while let [byte, after @ ..] = rest {
        match byte {
            b'/' if previous == b'/' => return Err(Flaw::EmptySegment),
            // Some servers cut a segment at `;`, and take what is left for nothing.
            b'/' if after.first() == Some(&b';') => return Err(Flaw::EmptySegment),
            b'#' => return Err(Flaw::Fragment),
            b'/' if is_dot_segment(after) => return Err(Flaw::DotSegment),
            b'\\' => return Err(Flaw::Backslash),
            0..=0x1f | 0x7f => return Err(Flaw::Control),
            b'%' => match unescape(after).ok_or(Flaw::BrokenEscape)? {
                b'.' | b'/' | b'\\' | b'%' | 0..=0x1f | 0x7f => {
                    return Err(Flaw::HiddenSeparator);
                }
                _ => {}
            },
            _ => {}
        }
        previous = *byte;
        rest = after;
    }
    if path.contains('%') && std::str::from_utf8(&unescaped(path.as_bytes())).is_err() {
        return Err(Flaw::NotUtf8);
    }
    Ok(())
}

/// Whether the segment is `.` or `..`; some servers cut it at `;` before they look.
fn is_dot_segment(segment: &[u8]) -> bool {
    let ([b'.', b'.', rest @ ..] | [b'.', rest @ ..]) = segment else { return false };
    matches!(rest, [] | [b'/' | b';' | b'\\', ..])
}

/// The path's bytes with its escapes, which are known to be whole, taken for what they stand for.
fn unescaped(mut path: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(path.len());
    while let [byte, after @ ..] = path {
        path = after;
        match (byte, unescape(after)) {
            (b'%', Some(escaped)) => {
                bytes.push(escaped);
                path = after.get(2..).unwrap_or_default();
            }
            _ => bytes.push(*byte),
        }
    }
    bytes
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
    fn a_path_with_two_meanings_is_refused() {
        for (path, flaw) in [
            ("", Flaw::NotAbsolute),
            ("a/b", Flaw::NotAbsolute),
            ("http://host/a", Flaw::NotAbsolute),
            ("?/a", Flaw::NotAbsolute),
            ("//a", Flaw::EmptySegment),
            ("/a//", Flaw::EmptySegment),
            ("/.", Flaw::DotSegment),
            ("/a/../b", Flaw::DotSegment),
            ("/a/..", Flaw::DotSegment),
            ("/a/..?b", Flaw::DotSegment),
            ("/a/..;x=1/b", Flaw::DotSegment),
            ("/a\\b", Flaw::Backslash),
            ("/a\0", Flaw::Control),
            ("/a\nb", Flaw::Control),
            ("/a/%2e%2e/b", Flaw::HiddenSeparator),
            ("/a%2Fb", Flaw::HiddenSeparator),
            ("/a%5cb", Flaw::HiddenSeparator),
            ("/a%00", Flaw::HiddenSeparator),
            ("/%252e%252e/", Flaw::HiddenSeparator),
            ("/a%", Flaw::BrokenEscape),
            ("/a%2", Flaw::BrokenEscape),
            ("/a%zz", Flaw::BrokenEscape),
            ("/a%+1", Flaw::BrokenEscape),
            ("/public#/../admin", Flaw::Fragment),
            ("/teams/;x/members", Flaw::EmptySegment),
            ("/a/%c0%ae%c0%ae/b", Flaw::NotUtf8),
            ("/a/%ff", Flaw::NotUtf8),
        ] {
            assert_eq!(PlainPath::parse(path).unwrap_err(), flaw, "{path:?}");
        }
    }

    #[test]
    fn other_paths_are_taken_as_they_are() {
        for path in [
            "/",
            "/a/",
            "/...",
            "/.well-known/x",
            "/a..b/c.",
            "/caf\u{e9}",
            "/a%20b",
            "/caf%C3%A9",
            "/a;b",
        ] {
            assert!(PlainPath::parse(path).is_ok(), "{path}");
        }
    }

    proptest! {
        /// No flaw escapes the quick look.
        #[test]
        fn whatever_has_a_flaw_is_remarkable(path in r"/([.a/%2c0;#\\\x00\x7f]|\PC){0,40}") {
            prop_assert!(is_remarkable(path.as_bytes()) || find_flaw(&path).is_ok());
        }

        /// What passes has no segment that a server would resolve away, however it decodes it.
        #[test]
        fn a_plain_path_stays_where_it_is(path in r"/([.a/%2eEfF5cC;\\?]|\PC){0,12}") {
            if let Ok(PlainPath(plain)) = PlainPath::parse(&path) {
                let decoded = plain.to_lowercase().replace("%2e", ".").replace("%2f", "/");
                prop_assert_eq!(&decoded, &plain.to_lowercase());
                let mut segments: Vec<_> = decoded.split('/').skip(1).collect();
                segments.pop_if(|last| last.is_empty());
                for segment in segments {
                    let name = segment.split(';').next().unwrap();
                    prop_assert!(!segment.is_empty() && name != "." && name != "..");
                }
            }
        }
    }
}
