use std::fmt;

use serde::Deserialize;

/// The Kubernetes version whose standards are meant: `latest`, or `v1.N` with or without the `v`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Version {
    minor: u8,
}

impl Version {
    /// The newest version with standards of its own.
    pub const LATEST: Self = Self::v1(37);

    /// Version 1 of this minor version.
    pub(crate) const fn v1(minor: u8) -> Self {
        Self { minor }
    }
}

impl Default for Version {
    fn default() -> Self {
        Self::LATEST
    }
}

impl TryFrom<String> for Version {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "latest" {
            return Ok(Self::LATEST);
        }
        let number = text.strip_prefix('v').unwrap_or(&text).strip_prefix("1.");
        // Without a sign and without zeros before it.
        let minor = number.filter(|number| {
            number.bytes().all(|digit| digit.is_ascii_digit())
                && (*number == "0" || !number.starts_with('0'))
        });
        minor
            .and_then(|minor| minor.parse().ok())
            .map(Self::v1)
            .filter(|version| *version <= Self::LATEST)
            .ok_or_else(|| {
                format!(
                    "unknown version `{text}`: expected `latest`, or `v1.0` to `{}`",
                    Self::LATEST
                )
            })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v1.{}", self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_is_parsed_with_and_without_v() {
        assert_eq!(Version::try_from("latest".to_owned()), Ok(Version::v1(37)));
        for minor in 0..=37 {
            for name in [format!("v1.{minor}"), format!("1.{minor}")] {
                assert_eq!(Version::try_from(name), Ok(Version::v1(minor)));
            }
        }
    }

    #[test]
    fn unknown_version_is_refused_with_the_range() {
        for name in [
            "v1.38", "v2.0", "v1", "v1.", "v1.07", "v1.00", "1.+7", "v1.7.0", "v1.256", "Latest",
            "",
        ] {
            assert_eq!(
                Version::try_from(name.to_owned()),
                Err(format!("unknown version `{name}`: expected `latest`, or `v1.0` to `v1.37`"))
            );
        }
    }
}
