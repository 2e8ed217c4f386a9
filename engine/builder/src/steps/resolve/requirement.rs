use policy_cargo::lockfile::compatible_range;
use semver::{Op, Version, VersionReq};

/// Checks whether a requirement is about versions of the same compatible range as this one.
pub(super) fn reaches(requirement: &VersionReq, version: &Version) -> bool {
    named(requirement).any(|named| compatible_range(&named) == compatible_range(version))
}

/// The versions that a requirement names, but for those that it ends before.
pub(super) fn named(requirement: &VersionReq) -> impl Iterator<Item = Version> {
    let named = requirement.comparators.iter().filter(|comparator| comparator.op != Op::Less);
    named.map(|comparator| Version {
        pre: comparator.pre.clone(),
        ..Version::new(
            comparator.major,
            comparator.minor.unwrap_or(0),
            comparator.patch.unwrap_or(0),
        )
    })
}
