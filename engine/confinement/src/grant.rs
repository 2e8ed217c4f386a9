//! What a zone may do beyond reading and answering requests.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// What a zone may do beyond reading and answering requests, by the words of `[vet.allow]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grant {
    /// Open, change and remove files.
    Files,
    /// Make sockets, connect and listen.
    Network,
    /// Start programs, which may open files in turn, and end them.
    Processes,
    /// Start threads while a policy runs.
    Threads,
}

impl Grant {
    /// All of them, in their order.
    pub const ALL: [Self; 4] = [Self::Files, Self::Network, Self::Processes, Self::Threads];

    /// Its word in `[vet.allow]`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Network => "network",
            Self::Processes => "processes",
            Self::Threads => "threads",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Grant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl FromStr for Grant {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|grant| grant.as_str() == word).ok_or_else(|| {
            format!("found `{word}`, expected `files`, `network`, `processes` or `threads`")
        })
    }
}

/// A set of grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Grants(u8);

impl Grants {
    /// No grant.
    pub const NONE: Self = Self(0);

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether a grant is among them.
    #[must_use]
    pub const fn contains(self, grant: Grant) -> bool {
        self.0 & grant.bit() != 0
    }

    /// The grants, in the order of [`Grant::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Grant> {
        Grant::ALL.into_iter().filter(move |grant| self.contains(*grant))
    }
}

impl FromIterator<Grant> for Grants {
    fn from_iter<I: IntoIterator<Item = Grant>>(grants: I) -> Self {
        Self(grants.into_iter().fold(0, |bits, grant| bits | grant.bit()))
    }
}

impl fmt::Display for Grants {
    /// The words, with a comma between two; `nothing` where there is none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("nothing");
        }
        for (at, grant) in self.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{grant}")?;
        }
        Ok(())
    }
}

impl Serialize for Grants {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_read_by_their_words() {
        for grant in Grant::ALL {
            assert_eq!(grant.to_string().parse(), Ok(grant));
        }
        let error = "unsafe".parse::<Grant>().unwrap_err();
        let expected = "found `unsafe`, expected `files`, `network`, `processes` or `threads`";
        assert_eq!(error, expected);
    }

    #[test]
    fn set_has_what_it_is_made_of() {
        let grants = Grants::from_iter([Grant::Threads, Grant::Files, Grant::Files]);
        assert_eq!(grants.iter().collect::<Vec<_>>(), [Grant::Files, Grant::Threads]);
        assert_eq!(grants.to_string(), "files, threads");
        assert!(!grants.contains(Grant::Network) && !grants.is_empty());
        assert_eq!(Grants::NONE.to_string(), "nothing");
    }
}
