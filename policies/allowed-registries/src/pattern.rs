use std::fmt;

/// A pattern of repositories, matched segment by segment.
#[derive(Debug)]
pub(crate) struct ImagePattern {
    segments: Box<[Segment]>,
}

#[derive(Debug)]
enum Segment {
    /// `**`: any number of segments.
    Many,
    /// One segment: the text between its `*`s, each of which stands for any text.
    One(Box<str>),
}

impl ImagePattern {
    /// Parses a pattern; the error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let segments = text.split('/').map(|segment| match segment {
            "**" => Ok(Segment::Many),
            "" => Err("it has an empty segment: expected a pattern such as `acme/**`"),
            _ if segment.contains("**") => Err("`**` can only be a whole segment"),
            _ if segment.bytes().all(is_allowed) => Ok(Segment::One(segment.into())),
            _ => Err("expected lower-case letters, digits, `.`, `_`, `-`, `*` and `/`, \
                      without registry, tag or digest"),
        });
        Ok(Self { segments: segments.collect::<Result<_, _>>()? })
    }

    pub(crate) fn matches<'s>(&self, repository: impl Iterator<Item = &'s str> + Clone) -> bool {
        all_match(&self.segments, repository)
    }
}

impl fmt::Display for ImagePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.segments.iter().enumerate() {
            let separator = if index == 0 { "" } else { "/" };
            let segment = match segment {
                Segment::Many => "**",
                Segment::One(pattern) => pattern,
            };
            write!(f, "{separator}{segment}")?;
        }
        Ok(())
    }
}

fn is_allowed(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-' | b'*')
}

/// Wildcards by the usual walk with one step back: to the latest wildcard, which then takes one
/// more. So the time grows with the product of the lengths at worst, however many wildcards.
fn all_match<'s>(
    mut pattern: &[Segment],
    mut segments: impl Iterator<Item = &'s str> + Clone,
) -> bool {
    let mut retry = None;
    loop {
        let mut ahead = segments.clone();
        match (pattern, ahead.next()) {
            ([Segment::Many, rest @ ..], _) => {
                retry = Some((rest, segments.clone()));
                pattern = rest;
            }
            ([Segment::One(one), rest @ ..], Some(segment)) if segment_matches(one, segment) => {
                pattern = rest;
                segments = ahead;
            }
            ([], None) => return true,
            _ => {
                let Some((rest, taken)) = &mut retry else { return false };
                if taken.next().is_none() {
                    return false;
                }
                pattern = rest;
                segments = taken.clone();
            }
        }
    }
}

/// Matches within a segment.
fn segment_matches(pattern: &str, segment: &str) -> bool {
    let (mut pattern, mut text) = (pattern.as_bytes(), segment.as_bytes());
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        match (pattern, text) {
            ([b'*', rest @ ..], _) => {
                retry = Some((rest, text));
                pattern = rest;
            }
            ([expected, rest @ ..], [found, ahead @ ..]) if expected == found => {
                (pattern, text) = (rest, ahead);
            }
            ([], []) => return true,
            _ => {
                let Some((rest, [_, left @ ..])) = retry else { return false };
                retry = Some((rest, left));
                (pattern, text) = (rest, left);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(pattern: &str, repository: &str) -> bool {
        ImagePattern::parse(pattern).unwrap().matches(repository.split('/'))
    }

    #[test]
    fn one_star_matches_within_a_segment_and_two_match_many() {
        for (pattern, repository, expected) in [
            ("acme", "acme", true),
            ("acme", "acme2", false),
            ("acme", "acme/web", false),
            ("acme/*", "acme/web", true),
            ("acme/*", "acme", false),
            ("acme/*", "acme/web/ui", false),
            ("acme/web-*", "acme/web-ui", true),
            ("acme/web-*", "acme/web", false),
            ("acme/*-*-x", "acme/a-b-c-x", true),
            ("acme/*b*", "acme/abc", true),
            ("acme/*b*", "acme/ac", false),
            ("acme/**", "acme/web/ui", true),
            ("acme/**", "acme", true),
            ("acme/**", "acme2/web", false),
            ("**", "a/b/c", true),
            ("**/ui", "acme/web/ui", true),
            ("**/ui", "ui", true),
            ("**/ui", "ui/x", false),
            ("a/**/x/**/z", "a/x/y/x/z", true),
            ("a/**/x/**/z", "a/y/z", false),
            ("**/*", "a", true),
            ("**/*/*", "a", false),
        ] {
            assert_eq!(matches(pattern, repository), expected, "{pattern} {repository}");
        }
    }

    #[test]
    fn invalid_patterns_are_refused_with_a_reason() {
        for (pattern, message) in [
            ("", "it has an empty segment: expected a pattern such as `acme/**`"),
            ("acme/", "it has an empty segment: expected a pattern such as `acme/**`"),
            ("acme/web**", "`**` can only be a whole segment"),
            (
                "Acme",
                "expected lower-case letters, digits, `.`, `_`, `-`, `*` and `/`, \
                 without registry, tag or digest",
            ),
        ] {
            assert_eq!(ImagePattern::parse(pattern).unwrap_err(), message, "{pattern}");
        }
        assert!(ImagePattern::parse("acme/web:1").is_err());
    }

    /// The definition, without regard to time.
    fn by_definition(pattern: &[&str], segments: &[&str]) -> bool {
        match (pattern, segments) {
            ([], []) => true,
            (["**", rest @ ..], _) => {
                (0..=segments.len()).any(|taken| by_definition(rest, &segments[taken..]))
            }
            ([one, rest @ ..], [segment, left @ ..]) => {
                within(one.as_bytes(), segment.as_bytes()) && by_definition(rest, left)
            }
            _ => false,
        }
    }

    fn within(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            ([b'*', rest @ ..], _) => (0..=text.len()).any(|taken| within(rest, &text[taken..])),
            ([a, rest @ ..], [b, left @ ..]) => a == b && within(rest, left),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn matching_agrees_with_its_definition(
            pattern in r"(\*\*|[ab]?\*?[ab]|\*)(/(\*\*|[ab]?\*?[ab]|\*)){0,4}",
            repository in "[ab]{1,3}(/[ab]{1,3}){0,5}",
        ) {
            let segments: Vec<_> = repository.split('/').collect();
            let parts: Vec<_> = pattern.split('/').collect();
            prop_assert_eq!(matches(&pattern, &repository), by_definition(&parts, &segments));
            prop_assert_eq!(ImagePattern::parse(&pattern).unwrap().to_string(), pattern);
        }
    }
}
