use std::fmt;
use std::str::FromStr;

use semver::Version;

/// A reference to a policy: `NAME` or `NAME@VERSION`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRef {
    /// The policy's name.
    pub name: String,
    /// The version; the highest release when not given.
    pub version: Option<VersionSelector>,
}

/// `1`, `1.2` or `1.2.3`: the highest release that begins so, or that very version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionSelector {
    /// `1`
    Major(u64),
    /// `1.2`
    Minor(u64, u64),
    /// `1.2.3`, `2.0.0-rc.1`
    Exact(Version),
}

impl VersionSelector {
    /// Returns whether this version is one of those meant.
    #[must_use]
    pub fn matches(&self, version: &Version) -> bool {
        match self {
            Self::Major(major) => version.major == *major,
            Self::Minor(major, minor) => (version.major, version.minor) == (*major, *minor),
            Self::Exact(exact) => version == exact,
        }
    }
}

impl FromStr for PolicyRef {
    type Err = PolicyRefError;

    fn from_str(text: &str) -> Result<Self, PolicyRefError> {
        let (name, version) = match text.split_once('@') {
            None => (text, None),
            Some((name, version)) => (name, Some(version.parse()?)),
        };
        if name.is_empty() {
            return Err(PolicyRefError::NoName);
        }
        Ok(Self { name: name.to_owned(), version })
    }
}

impl FromStr for VersionSelector {
    type Err = PolicyRefError;

    fn from_str(text: &str) -> Result<Self, PolicyRefError> {
        let number = |part: &str| part.parse::<u64>().ok().filter(|_| !part.starts_with('+'));
        let partial = match text.split_once('.') {
            None => number(text).map(Self::Major),
            Some((major, minor)) => {
                number(major).zip(number(minor)).map(|(a, b)| Self::Minor(a, b))
            }
        };
        partial
            .or_else(|| text.parse().ok().map(Self::Exact))
            .ok_or_else(|| PolicyRefError::Version(text.to_owned()))
    }
}

impl fmt::Display for PolicyRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            None => f.write_str(&self.name),
            Some(version) => write!(f, "{}@{version}", self.name),
        }
    }
}

impl fmt::Display for VersionSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Major(major) => write!(f, "{major}"),
            Self::Minor(major, minor) => write!(f, "{major}.{minor}"),
            Self::Exact(version) => version.fmt(f),
        }
    }
}

/// An error in a reference to a policy.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyRefError {
    /// Nothing before the `@`.
    #[error("no policy is named: write `NAME` or `NAME@VERSION`")]
    NoName,
    /// Something else than a version after the `@`.
    #[error("`{0}` is not a version: write `1`, `1.2` or `1.2.3` after the `@`")]
    Version(String),
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reference_parses_name_and_version() {
        let parse = |text: &str| text.parse::<PolicyRef>().unwrap();
        assert_eq!(parse("a"), PolicyRef { name: "a".into(), version: None });
        assert_eq!(parse("a@1").version, Some(VersionSelector::Major(1)));
        assert_eq!(parse("a@1.20").version, Some(VersionSelector::Minor(1, 20)));
        assert_eq!(parse("a@1.2.3-rc.1").to_string(), "a@1.2.3-rc.1");
    }

    #[test]
    fn invalid_reference_error_has_the_expected_form() {
        let error = |text: &str| text.parse::<PolicyRef>().unwrap_err().to_string();
        assert_eq!(error("@1"), "no policy is named: write `NAME` or `NAME@VERSION`");
        for version in ["", "v1", "1.", "latest", "1.2.3.4", "+1", "1@2"] {
            assert_eq!(
                error(&format!("a@{version}")),
                format!("`{version}` is not a version: write `1`, `1.2` or `1.2.3` after the `@`")
            );
        }
    }

    proptest! {
        #[test]
        fn parsed_reference_round_trips(text in r"[a-z@.0-9-]{0,12}") {
            if let Ok(reference) = text.parse::<PolicyRef>() {
                prop_assert_eq!(reference.to_string().parse::<PolicyRef>(), Ok(reference));
            }
        }
    }
}
