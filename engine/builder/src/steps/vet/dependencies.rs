//! Dependencies of policy crates, against the lists of `policies.toml`.

use super::finding::{Capability, Finding, SourceLocation};
use super::manifests::linked;
use super::rules::DependencyRules;
use crate::steps::discover::{Policies, PolicyCrate};
use crate::steps::engine::POLICY_API;
use policy_cargo::Source;
use policy_cargo::lockfile::{Lock, Package};
use policy_cargo::manifest::dependencies;

/// Well-known crates whose purpose is a forbidden capability. A crate that depends
/// on one itself can do so under names that no list of the standard library's has.
const WAYS_OUT: [(&str, &[&str]); 4] = [
    (
        "files",
        &[
            "camino", "cap-std", "fs-err", "fs2", "fs4", "glob", "ignore", "memmap2", "notify",
            "tempfile", "walkdir",
        ],
    ),
    (
        "the network",
        &[
            "attohttpc",
            "curl",
            "hickory-resolver",
            "hyper",
            "hyper-util",
            "isahc",
            "minreq",
            "reqwest",
            "socket2",
            "tungstenite",
            "ureq",
        ],
    ),
    (
        "the system's own calls, processes or environment",
        &[
            "dirs",
            "dotenv",
            "dotenvy",
            "duct",
            "envy",
            "home",
            "hostname",
            "libc",
            "nix",
            "rustix",
            "subprocess",
            "sysinfo",
            "which",
            "xshell",
        ],
    ),
    (
        "threads",
        &[
            "async-global-executor",
            "async-io",
            "async-process",
            "async-std",
            "blocking",
            "crossbeam",
            "crossbeam-utils",
            "futures-executor",
            "mio",
            "polling",
            "rayon",
            "rayon-core",
            "smol",
            "threadpool",
            "tokio",
        ],
    ),
];

/// Finds the dependencies that the crates of the folder must not have.
pub(super) fn check(policies: &Policies, lock: &Lock, rules: &DependencyRules) -> Vec<Finding> {
    let mut findings = Vec::new();
    for policy in linked(policies, lock) {
        let place = || SourceLocation::file(policy.manifest.path.clone());
        let mut found = |package: &str, detail: String| {
            let finding = Finding::named(place(), &policy.name, Capability::Dependency, package);
            findings.push(Finding { detail, ..finding });
        };
        for package in brought_by(policy, lock) {
            let Package { name, version, .. } = &package;
            if rules.deny.iter().any(|range| range.has(&package)) {
                found(name, format!("`{name}` {version}, which `vet.dependencies.deny` has"));
                continue;
            }
            // `policies.toml` names a crate from elsewhere already.
            let is_expected = from_elsewhere(policy).is_some_and(|own| own.is(&package))
                || is_the_apis(&package, lock);
            let others = rules.allow.as_deref().filter(|_| !is_expected);
            if others.is_some_and(|allowed| !allowed.iter().any(|range| range.has(&package))) {
                found(name, format!("`{name}` {version}, which `vet.dependencies.allow` has not"));
            }
        }
        let is_allowed = |name: &str| {
            let of_name =
                || brought_by(policy, lock).into_iter().filter(|package| package.name == name);
            let allowed = rules.allow.as_deref().unwrap_or_default();
            of_name().any(|package| allowed.iter().any(|range| range.has(&package)))
        };
        for dependency in dependencies(&policy.manifest) {
            let name = &dependency.package;
            let ways = WAYS_OUT.iter().find(|(_, names)| names.contains(&name.as_str()));
            if let Some((to, _)) = ways.filter(|_| dependency.path.is_none() && !is_allowed(name)) {
                found(name, format!("`{name}`, which is there to reach {to}"));
            }
        }
    }
    // One sentence a package and crate: what a list says comes before what is known of it.
    findings.sort_by(|a, b| (&a.crate_name, &a.item).cmp(&(&b.crate_name, &b.item)));
    findings.dedup_by(|a, b| (&a.crate_name, &a.item) == (&b.crate_name, &b.item));
    findings
}

/// The packages that are linked because of a crate, itself first when it comes from elsewhere: no
/// other crate of the folder's, and nothing behind those, which are looked at by themselves.
pub(super) fn brought_by(policy_crate: &PolicyCrate, lock: &Lock) -> Vec<Package> {
    let entered = |package: &Package| package.source.is_some() || package.name == policy_crate.name;
    let linked = lock.linked_with(&policy_crate.name, entered).into_iter();
    let others = linked.filter(|package| package.source.is_some()).cloned();
    from_elsewhere(policy_crate).into_iter().chain(others).collect()
}

/// A crate of a registry or a repository as a lock would have it: it lies in a folder in the
/// workspace, whose lock says nothing of where it comes from.
fn from_elsewhere(policy_crate: &PolicyCrate) -> Option<Package> {
    let Source::Remote { source: Some(source), checksum } = &policy_crate.origin else {
        return None;
    };
    Some(Package {
        name: policy_crate.name.clone(),
        version: policy_crate.version.clone(),
        source: Some(source.clone()),
        checksum: checksum.clone(),
        dependencies: Vec::new(),
    })
}

/// Checks whether every policy is linked with it.
pub(super) fn is_the_apis(package: &Package, lock: &Lock) -> bool {
    lock.linked_with(POLICY_API, |_| true).into_iter().any(|found| found.is(package))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::steps::engine::Engine;

    #[test]
    fn registry_policy_is_checked_against_the_dependency_lists() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("geo");
        fs::create_dir_all(place.join("src")).unwrap();
        let manifest = "[package]\nname = \"geo\"\nversion = \"1.2.0\"\n\
                        [dependencies]\npolicy-api = \"0.1\"\n";
        fs::write(place.join("Cargo.toml"), manifest).unwrap();
        fs::write(place.join("src/lib.rs"), "").unwrap();
        let engine = Engine::locate(Some(Path::new("../.."))).unwrap();
        let mut policies = Policies::discover(folder.path(), &engine).unwrap();
        let own = Package {
            name: "geo".into(),
            version: "1.2.0".parse().unwrap(),
            source: None,
            checksum: None,
            dependencies: Vec::new(),
        };
        let lock = Lock { packages: vec![own] };
        let found = |policies: &Policies, rules: &str| {
            let rules: DependencyRules = toml_edit::de::from_str(rules).unwrap();
            let found = check(policies, &lock, &rules).into_iter();
            found.map(|found| found.detail).collect::<Vec<_>>()
        };
        let deny = "deny = [\"geo@<1.3\"]";
        assert!(found(&policies, deny).is_empty());

        policies.crates[0].origin =
            Source::Remote { source: Some("registry+here".into()), checksum: None };
        let packages = brought_by(&policies.crates[0], &lock);
        assert_eq!(packages.len(), 1);
        assert!(packages[0].is_from_registry());
        assert_eq!(found(&policies, deny), ["`geo` 1.2.0, which `vet.dependencies.deny` has"]);
        // It is in `policies.toml` by its name.
        assert!(found(&policies, "allow = []").is_empty());
    }
}
