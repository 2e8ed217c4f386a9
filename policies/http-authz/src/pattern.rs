use crate::decision::Flaw;
use crate::path::PlainPath;

/// Which paths are meant: text, and between each piece of it and the next any one segment that is
/// not empty.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    start: Box<str>,
    after_stars: Box<[Box<str>]>,
    /// Whether any number of segments may follow: `**`.
    open: bool,
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
        let (text, open) = match path.as_str().strip_suffix("/**") {
            Some(before) => (before, true),
            None => (path.as_str(), false),
        };
        for segment in text.split('/').filter(|segment| *segment != "*") {
            if segment.contains("**") {
                return Err("`**` can only be the last segment");
            }
            if segment.contains('*') {
                return Err("`*` can only be a whole segment");
            }
        }
        let mut pieces = text.split('*').map(Box::from);
        let start = pieces.next().unwrap_or_default();
        Ok(Self { start, after_stars: pieces.collect(), open })
    }

    pub(crate) fn matches(&self, path: PlainPath<'_>) -> bool {
        let path = path.as_str().as_bytes();
        let Some(mut rest) = path.strip_prefix(self.start.as_bytes()) else { return false };
        for piece in &self.after_stars {
            let end = rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len());
            let (segment, after) = rest.split_at(end);
            match after.strip_prefix(piece.as_bytes()) {
                Some(after) if !segment.is_empty() => rest = after,
                _ => return false,
            }
        }
        rest.is_empty() || (self.open && rest.starts_with(b"/"))
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

    /// As the documentation has it: segment by segment.
    fn matches_by_segments(pattern: &str, path: &str) -> bool {
        let (pattern, open) = match pattern.strip_suffix("/**") {
            Some(before) => (before, true),
            None => (pattern, false),
        };
        let mut found = path.split('/');
        let begins = pattern.split('/').all(|expected| match (expected, found.next()) {
            ("*", Some(segment)) => !segment.is_empty(),
            (_, segment) => segment == Some(expected),
        });
        begins && (open || found.next().is_none())
    }

    proptest! {
        #[test]
        fn a_pattern_is_met_segment_by_segment(
            pattern in r"(/(a|ab|b|\*)){1,4}(/|/\*\*)?",
            path in r"(/(a|ab|b)){0,5}/?",
        ) {
            let path = if path.is_empty() { "/" } else { &path };
            prop_assert_eq!(matches(&pattern, path), matches_by_segments(&pattern, path));
        }
    }
}
