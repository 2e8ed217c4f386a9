use std::borrow::Cow;

use crate::decision::Flaw;
use crate::path::PlainPath;

/// A pattern of paths: text, and between each piece of it and the next any one segment that is
/// not empty.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PathPattern {
    start: Box<str>,
    after_stars: Box<[Box<str>]>,
    /// True if any number of segments may follow: `**`.
    open: bool,
}

impl PathPattern {
    /// Parses a pattern; the error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, Cow<'static, str>> {
        if text.contains(['?', '#']) {
            return Err("a pattern is for the path alone, without `?` and `#`".into());
        }
        let path = PlainPath::parse(text).map_err(|flaw| match flaw {
            Flaw::NotAbsolute => "expected a pattern that starts with `/`".into(),
            _ => Cow::Owned(format!(
                "no request matches it, as such a path is always denied: {}",
                flaw.as_str()
            )),
        })?;
        let (text, open) = match path.as_str().strip_suffix("/**") {
            Some(before) => (before, true),
            None => (path.as_str(), false),
        };
        for segment in text.split('/').filter(|segment| *segment != "*") {
            if segment.contains("**") {
                return Err("`**` can only be the last segment".into());
            }
            if segment.contains('*') {
                return Err("`*` can only be a whole segment".into());
            }
            if segment.ends_with('.') {
                return Err("a segment ends with a dot, which servers on Windows leave out".into());
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
    use unicode_normalization::UnicodeNormalization;

    fn matches(pattern: &str, path: &str) -> bool {
        PathPattern::parse(pattern).unwrap().matches(PlainPath::parse(path).unwrap())
    }

    #[test]
    fn one_star_matches_one_segment_and_two_match_any_number() {
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
    fn query_is_ignored() {
        assert!(matches("/a", "/a?b=/../c#d"));
    }

    #[test]
    fn invalid_patterns_are_refused_with_a_reason() {
        for (pattern, message) in [
            ("api", "expected a pattern that starts with `/`"),
            ("/a?b", "a pattern is for the path alone, without `?` and `#`"),
            ("/a/**/b", "`**` can only be the last segment"),
            ("/a/b**", "`**` can only be the last segment"),
            ("/a/b*", "`*` can only be a whole segment"),
            (
                "/a/../b",
                "no request matches it, as such a path is always denied: the path has a `.` or `..` \
                 segment, or one of dots alone",
            ),
            (
                "/a%3Bb",
                "no request matches it, as such a path is always denied: the path has an escaped \
                 `.`, `/`, `\\`, `;`, `?`, `#`, `%` or control character",
            ),
            ("/a./b", "a segment ends with a dot, which servers on Windows leave out"),
        ] {
            assert_eq!(PathPattern::parse(pattern).unwrap_err(), message, "{pattern}");
        }
    }

    /// Matches as the documentation has it: segment by segment.
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

    const NAME: &str = "(public|a|admin|caf%C3%A9|c\\+\\+|\\+|a%20b|c\\.)";

    const HOSTILE: [&str; 32] = [
        "",
        "..",
        ".",
        "..;",
        "..%3b",
        "..%253b",
        ";x",
        "a;x",
        "%2e%2E",
        "..%20",
        "%20",
        "a%20",
        "..+",
        "%2f..",
        "..%5cadmin",
        "..\\admin",
        "%ef%bc%8e%ef%bc%8e",
        "\u{2024}.",
        "..%ef%bc%8fadmin",
        "%c0%ae%c0%ae",
        "..%00",
        "a%3f",
        "a%23",
        "#",
        ".\u{200b}.",
        "..%c2%ad",
        "a%0a",
        "..%cd%be",
        "\u{2025}",
        "a b",
        "...",
        "%e3%80%80",
    ];

    /// The forms that servers and proxies make of a path before they resolve it.
    fn normalised(path: &str, steps: &[usize]) -> String {
        let decode = |path: &str| {
            let mut bytes = Vec::new();
            let mut rest = path.as_bytes();
            while let [byte, after @ ..] = rest {
                rest = after;
                let hex = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
                match hex.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
                    Some(escaped) if *byte == b'%' => {
                        bytes.push(escaped);
                        rest = &after[2..];
                    }
                    _ => bytes.push(*byte),
                }
            }
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let each = |path: &str, name: &dyn Fn(&str) -> String| {
            path.split('/').map(name).collect::<Vec<_>>().join("/")
        };
        let mut path = path.to_owned();
        for step in steps {
            path = match step {
                0 => decode(&path),
                1 => each(&path, &|name| name.split(';').next().unwrap().to_owned()),
                2 => path.split([';', '?', '#', '\0', '\n']).next().unwrap().to_owned(),
                3 => path.replace('\\', "/"),
                4 => path.nfkc().collect(),
                5 => each(&path, &|name| name.trim().to_owned()),
                6 => each(&path, &|name| match name.trim_matches('+') {
                    "" => name.to_owned(),
                    _ => name.replace('+', " "),
                }),
                7 => path.chars().filter(|c| !matches!(c, '\u{200b}' | '\u{ad}')).collect(),
                8 => {
                    while path.contains("//") {
                        path = path.replace("//", "/");
                    }
                    path
                }
                _ => {
                    let mut names = Vec::new();
                    for name in path.split('/').skip(1) {
                        match name {
                            "." => {}
                            ".." => drop(names.pop()),
                            name => names.push(name),
                        }
                    }
                    format!("/{}", names.join("/"))
                }
            };
        }
        path
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]

        /// Whatever a server does to it, and in whichever order, an allowed path is one that the
        /// pattern means.
        #[test]
        fn no_normalization_leaves_the_pattern(
            pattern in r"/(public|\*)(/(a|\*)){0,2}(/\*\*)?",
            before in prop::collection::vec(NAME, 0..3),
            hostile in prop::sample::select(HOSTILE.as_slice()),
            noise in r"[.+a/;%23fF5cCeE\\ ]{0,3}",
            after in prop::collection::vec(NAME, 0..3),
            steps in prop_oneof![
                3 => prop::sample::subsequence(vec![0, 0, 3, 4, 7, 6, 1, 2, 5, 8, 9], 0..=11),
                1 => prop::collection::vec(0..10_usize, 0..5),
            ],
        ) {
            let hostile = vec![hostile.to_owned() + if noise.len() > 2 { &noise } else { "" }];
            let path = [vec!["/public".to_owned()], before, hostile, after].concat().join("/");
            let pattern = PathPattern::parse(&pattern).unwrap();
            if let Ok(plain) = PlainPath::parse(&path) && pattern.matches(plain) {
                let read = normalised(&path, &steps);
                prop_assert!(pattern.matches(PlainPath::unchecked(&read)), "{path} {read:?}");
            }
        }

        #[test]
        fn pattern_matches_segment_by_segment(
            pattern in r"(/(a|ab|b|\*)){1,4}(/|/\*\*)?",
            path in r"(/(a|ab|b)){0,5}/?",
        ) {
            let path = if path.is_empty() { "/" } else { &path };
            prop_assert_eq!(matches(&pattern, path), matches_by_segments(&pattern, path));
        }
    }
}
