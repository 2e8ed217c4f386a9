//! What policy crates are linked with, against the lists of `policies.toml`.

use super::finding::{Finding, Place, What};
use super::manifests::linked;
use super::rules::DependencyRules;
use crate::discover::{POLICY_API, Policies, PolicyCrate};
use crate::lock::{Lock, Package};
use crate::manifest::dependencies;

/// Well-known crates whose purpose is what policies have no business with. A crate that depends
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

/// What each crate of the folder must not be linked with.
pub(super) fn check(policies: &Policies, lock: &Lock, rules: &DependencyRules) -> Vec<Finding> {
    let mut findings = Vec::new();
    for it in linked(policies, lock) {
        let place = || Place::file(it.manifest.path.clone());
        let mut found = |package: &str, detail: String| {
            let finding = Finding::named(place(), &it.name, What::Dependency, package);
            findings.push(Finding { detail, ..finding });
        };
        for package in brought_by(it, lock) {
            let Package { name, version, .. } = package;
            if rules.deny.iter().any(|range| range.has(package)) {
                found(name, format!("`{name}` {version}, which `vet.dependencies.deny` has"));
                continue;
            }
            let others = rules.allow.as_deref().filter(|_| !is_the_apis(package, lock));
            if others.is_some_and(|allowed| !allowed.iter().any(|range| range.has(package))) {
                found(name, format!("`{name}` {version}, which `vet.dependencies.allow` has not"));
            }
        }
        let is_allowed = |name: &str| {
            let of_name =
                || brought_by(it, lock).into_iter().filter(|package| package.name == name);
            let allowed = rules.allow.as_deref().unwrap_or_default();
            of_name().any(|package| allowed.iter().any(|range| range.has(package)))
        };
        for dependency in dependencies(&it.manifest) {
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

/// The packages that are linked because of a crate: no crate of the folder's, and nothing behind
/// those, which are looked at by themselves.
pub(super) fn brought_by<'a>(it: &PolicyCrate, lock: &'a Lock) -> Vec<&'a Package> {
    let entered = |package: &Package| package.source.is_some() || package.name == it.name;
    let linked = lock.linked_with(&it.name, entered);
    linked.into_iter().filter(|package| package.source.is_some()).collect()
}

/// Whether every policy is linked with it.
pub(super) fn is_the_apis(package: &Package, lock: &Lock) -> bool {
    lock.linked_with(POLICY_API, |_| true).into_iter().any(|it| it.is(package))
}
