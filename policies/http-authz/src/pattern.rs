use crate::decision::Flaw;

/// A path that has one meaning only, without its query.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlainPath<'p>(&'p str);

impl<'p> PlainPath<'p> {
    /// Refuses a path that a server behind this policy could take for another one.
    pub(crate) fn parse(target: &'p str) -> Result<Self, Flaw> {
        let path = target.split('?').next().unwrap_or_default();
        let mut rest = path.as_bytes();
        let mut previous = 0;
        if rest.first() != Some(&b'/') {
            return Err(Flaw::NotAbsolute);
        }
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
        Ok(Self(path))
    }

    fn segments(self) -> impl Iterator<Item = &'p str> {
        self.0.split('/').skip(1)
    }
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

/// Which paths are meant, segment by segment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    segments: Box<[Segment]>,
    /// Whether any number of segments may follow: `**`.
    open: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Segment {
    Literal(Box<str>),
    /// `*`: one segment that is not empty.
    Any,
}

impl Pattern {
    /// Parses a pattern; the error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        if text.contains(['?', '#']) {
            return Err("a pattern is for the path alone, without `?` and `#`");
        }
        let path = PlainPath::parse(text).map_err(|flaw| match flaw {
            Flaw::NotAbsolute => "expected a pattern that starts with `/`",
            _ => {
                "no request matches it: a path with `.`, `..` or empty segments, backslashes, \
                  control characters or escaped separators is always denied"
            }
        })?;
        let mut segments: Vec<&str> = path.segments().collect();
        let open = segments.pop_if(|last| *last == "**").is_some();
        let segments = segments
            .into_iter()
            .map(|segment| match segment {
                "*" => Ok(Segment::Any),
                _ if segment.contains("**") => Err("`**` can only be the last segment"),
                _ if segment.contains('*') => Err("`*` can only be a whole segment"),
                _ => Ok(Segment::Literal(segment.into())),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { segments, open })
    }

    pub(crate) fn matches(&self, path: PlainPath<'_>) -> bool {
        let mut segments = path.segments();
        let begins = self.segments.iter().all(|expected| match (expected, segments.next()) {
            (Segment::Literal(literal), Some(segment)) => **literal == *segment,
            (Segment::Any, Some(segment)) => !segment.is_empty(),
            (_, None) => false,
        });
        begins && (self.open || segments.next().is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(pattern: &str, path: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(PlainPath::parse(path).unwrap())
    }

    #[test]
    fn a_star_is_one_segment_and_two_are_any_number() {
        for (pattern, path, expected) in [
            ("/", "/", true),
            ("/", "/a", false),
            ("/a/b", "/a/b", true),
            ("/a/b", "/a/b/", false),
            ("/a/b", "/A/b", false),
            ("/a/*", "/a/b", true),
            ("/a/*", "/a/", false),
            ("/a/*", "/a", false),
            ("/a/*", "/a/b/c", false),
            ("/a/*/c", "/a/b/c", true),
            ("/a/**", "/a/b/c", true),
            ("/a/**", "/a/", true),
            ("/a/**", "/a", true),
            ("/a/**", "/ab", false),
            ("/**", "/", true),
            ("/**", "/a/b", true),
            ("/*/**", "/", false),
        ] {
            assert_eq!(matches(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn the_query_does_not_count() {
        assert!(matches("/a", "/a?b=/../c#d"));
    }

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

    #[test]
    fn wrong_patterns_are_explained() {
        for (pattern, message) in [
            ("api", "expected a pattern that starts with `/`"),
            ("/a?b", "a pattern is for the path alone, without `?` and `#`"),
            ("/a/**/b", "`**` can only be the last segment"),
            ("/a/b**", "`**` can only be the last segment"),
            ("/a/b*", "`*` can only be a whole segment"),
            (
                "/a/../b",
                "no request matches it: a path with `.`, `..` or empty segments, backslashes, \
                 control characters or escaped separators is always denied",
            ),
        ] {
            assert_eq!(Pattern::parse(pattern).unwrap_err(), message, "{pattern}");
        }
    }

    proptest! {
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
