//! The differences between two locks.

use std::fmt;

use policy_cargo::lockfile::{Lock, Package};

/// A change of one package from one lock to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PackageChange {
    Added(Package),
    Removed(Package),
    Moved { from: Package, to: Package },
}

/// The changes from one lock to another, sorted by the packages' names.
pub(crate) fn changes(before: &Lock, after: &Lock) -> Vec<PackageChange> {
    let only_in = |one: &Lock, other: &Lock| {
        let only = one
            .packages
            .iter()
            .filter(|package| !other.packages.iter().any(|also| also.is(package)));
        only.cloned().collect::<Vec<_>>()
    };
    let (mut gone, new) = (only_in(before, after), only_in(after, before));
    let mut changes = Vec::new();
    for to in new {
        // What could stand for package, or else another of its name.
        let same = gone.iter().position(|from| from.key() == to.key());
        let same = same.or_else(|| gone.iter().position(|from| from.name == to.name));
        changes.push(match same {
            Some(place) => PackageChange::Moved { from: gone.remove(place), to },
            None => PackageChange::Added(to),
        });
    }
    changes.extend(gone.into_iter().map(PackageChange::Removed));
    changes.sort_by(|a, b| a.package().name.cmp(&b.package().name));
    changes
}

impl PackageChange {
    /// The package as it is now, or was.
    pub(crate) fn package(&self) -> &Package {
        match self {
            Self::Added(package) | Self::Removed(package) | Self::Moved { to: package, .. } => {
                package
            }
        }
    }
}

/// Such as `added geo 1.2.0`, or `moved geo 1.2.0 -> 1.3.0`.
impl fmt::Display for PackageChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added(package) => write!(f, "added {} {}", package.name, package.version),
            Self::Removed(package) => write!(f, "removed {} {}", package.name, package.version),
            Self::Moved { from, to } if from.source == to.source => {
                write!(f, "moved {} {} -> {}", to.name, from.version, to.version)
            }
            Self::Moved { from, to } => {
                let (from_source, to_source) = (from.source_in_words(), to.source_in_words());
                let (before, after) = (&from.version, &to.version);
                write!(f, "moved {} {before} {from_source} -> {after} {to_source}", to.name)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn difference_lists_added_moved_and_removed_packages() {
        let lock = |packages: &[(&str, &str, Option<&str>)]| Lock {
            packages: packages
                .iter()
                .map(|(name, version, source)| Package {
                    name: (*name).to_owned(),
                    version: version.parse().unwrap(),
                    source: source.map(str::to_owned),
                    checksum: None,
                    dependencies: Vec::new(),
                })
                .collect(),
        };
        let here = Some("registry+here");
        let before = lock(&[
            ("gone", "1.0.0", here),
            ("mine", "1.0.0", None),
            ("other", "1.0.0", here),
            ("same", "1.0.0", here),
            ("two", "1.0.0", here),
            ("two", "2.0.0", here),
        ]);
        let after = lock(&[
            ("fresh", "0.1.0", here),
            ("mine", "1.0.1", None),
            ("other", "2.0.0", Some("git+https://example.com/x?branch=main#c0ffee")),
            ("same", "1.0.0", here),
            ("two", "1.0.0", here),
            ("two", "2.1.0", here),
        ]);
        let told: Vec<_> = changes(&before, &after).iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "added fresh 0.1.0",
                "removed gone 1.0.0",
                "moved mine 1.0.0 -> 1.0.1",
                "moved other 1.0.0 (registry here) -> 2.0.0 (git https://example.com/x?branch=main#c0ffee)",
                "moved two 2.0.0 -> 2.1.0",
            ]
        );
        assert_eq!(changes(&after, &after), []);
    }
}
