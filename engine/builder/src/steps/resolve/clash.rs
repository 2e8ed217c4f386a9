//! Two policies that ask for what cannot be in one program.

use semver::{Version, VersionReq};

use super::{named, reaches};
use crate::steps::discover::{Policies, PolicyCrate};
use policy_cargo::manifest::dependencies;

/// Two crates ask for versions of a package which Cargo takes for one another, and no version does
/// with both.
#[derive(Debug, thiserror::Error)]
#[error(
    "{first} asks for `{package}` `{one}`, and {second} for `{other}`: no version meets both, and \
     a program has one version of each compatible range\nhelp: have both ask for what one version \
     meets"
)]
pub(crate) struct Clash {
    first: String,
    second: String,
    package: String,
    one: VersionReq,
    other: VersionReq,
}

/// A requirement of a crate on a package from a registry.
struct CrateRequirement<'a> {
    by: &'a PolicyCrate,
    package: String,
    requirement: VersionReq,
}

/// The first two, in the order of the folder.
pub(super) fn find(policies: &Policies) -> Option<Clash> {
    let asked: Vec<_> = policies.crates.iter().flat_map(asked).collect();
    asked.iter().enumerate().find_map(|(place, one)| {
        let later = asked.iter().skip(place + 1).filter(|other| other.package == one.package);
        let other =
            later.into_iter().find(|other| exclude(&one.requirement, &other.requirement))?;
        let shown = |policy_crate: &PolicyCrate| {
            format!("{} crate `{}` {}", policy_crate.role, policy_crate.name, policy_crate.version)
        };
        Some(Clash {
            first: shown(one.by),
            second: shown(other.by),
            package: one.package.clone(),
            one: one.requirement.clone(),
            other: other.requirement.clone(),
        })
    })
}

fn asked(policy_crate: &PolicyCrate) -> Vec<CrateRequirement<'_>> {
    let dependencies = dependencies(&policy_crate.manifest).into_iter();
    let asked = dependencies.filter_map(|dependency| {
        let requirement = dependency.version_req()?;
        Some(CrateRequirement { by: policy_crate, package: dependency.package, requirement })
    });
    asked.collect()
}

/// Checks whether two requirements are about the same compatible range and have no version in
/// common.
///
/// The versions that meet both begin at one that one of them names.
fn exclude(one: &VersionReq, other: &VersionReq) -> bool {
    let meets = |version: &Version| one.matches(version) && other.matches(version);
    let is_after = |version: Version| {
        Version::new(version.major, version.minor, version.patch.saturating_add(1))
    };
    let starts = || named(one).chain(named(other));
    let is_met = starts().any(|version| meets(&version) || meets(&is_after(version)));
    !is_met && named(one).any(|version| reaches(other, &version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_without_a_common_version_exclude_each_other() {
        let excluding = |one: &str, other: &str| {
            let (one, other) = (one.parse().unwrap(), other.parse().unwrap());
            assert_eq!(exclude(&one, &other), exclude(&other, &one), "{one} {other}");
            exclude(&one, &other)
        };
        for (one, other) in
            [("=1.0.3", "=1.0.5"), ("=1.0.3", "1.1"), ("~1.2", ">=1.3"), ("0.2.5", "=0.2.1")]
        {
            assert!(excluding(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("1", "=1.0.5"),
            ("1.2", ">=1.1, <1.9"),
            ("1", "2"),
            ("=0.2.1", "=0.3.1"),
            (">1.0.3", "1"),
            ("*", "=1.0.0"),
        ] {
            assert!(!excluding(one, other), "{one} {other}");
        }
    }
}
