use toml_edit::Item;

use super::finding::{Capability, Finding, SourceLocation};
use crate::steps::discover::{Policies, PolicyCrate};
use policy_cargo::lockfile::Lock;

/// The crates of the folder that are in the program.
pub(super) fn linked<'a>(
    policies: &'a Policies,
    lock: &'a Lock,
) -> impl Iterator<Item = &'a PolicyCrate> {
    let is_locked = |policy_crate: &&PolicyCrate| {
        lock.packages
            .iter()
            .any(|package| package.source.is_none() && package.name == policy_crate.name)
    };
    policies.crates.iter().filter(is_locked)
}

/// Finds what of the crates runs on the machine that builds, by their manifests.
pub(super) fn check(policies: &Policies, lock: &Lock) -> Vec<Finding> {
    let mut findings = Vec::new();
    for policy in linked(policies, lock) {
        if let Some(script) = build_script(policy) {
            let place = SourceLocation::file(policy.manifest.folder().join(&script));
            findings.push(Finding {
                detail: format!("the build script `{script}`"),
                item: None,
                ..Finding::named(place, &policy.name, Capability::BuildScript, &script)
            });
        }
        if allows_hiding(policy) {
            let place = SourceLocation::file(policy.manifest.path.clone());
            findings.push(Finding {
                detail: "`cfg(clippy)`, which `lints.rust.unexpected_cfgs` lets pass".to_owned(),
                item: None,
                ..Finding::named(place, &policy.name, Capability::HiddenCode, "clippy")
            });
        }
        if is_procedural_macro(policy) {
            let place = SourceLocation::file(policy.manifest.path.clone());
            findings.push(Finding {
                detail: "a procedural macro (`lib.proc-macro`)".to_owned(),
                item: None,
                ..Finding::named(place, &policy.name, Capability::ProceduralMacro, &policy.name)
            });
        }
    }
    findings
}

/// Checks whether the manifest tells the compiler to expect `cfg(clippy)`, by which code hides from
/// Clippy: then the compiler does not tell where it stands.
fn allows_hiding(policy_crate: &PolicyCrate) -> bool {
    let lints = policy_crate.manifest.document.get("lints").and_then(Item::as_table_like);
    let of_rust = lints.and_then(|lints| lints.get("rust")?.as_table_like());
    let cfgs = of_rust.and_then(|of_rust| of_rust.get("unexpected_cfgs"));
    cfgs.is_some_and(|cfgs| cfgs.to_string().contains("clippy"))
}

/// The crate's build script, as Cargo finds it: by `package.build`, or `build.rs` where that is
/// not said.
fn build_script(policy_crate: &PolicyCrate) -> Option<String> {
    let inferred =
        || policy_crate.manifest.folder().join("build.rs").is_file().then(|| "build.rs".to_owned());
    match policy_crate.manifest.package("build") {
        None => inferred(),
        Some(build) => match build.as_bool() {
            Some(false) => None,
            Some(true) => Some("build.rs".to_owned()),
            // Several of them are Cargo's unstable `multiple-build-scripts`.
            None => Some(build.as_str().map_or_else(|| build.to_string(), str::to_owned)),
        },
    }
}

fn is_procedural_macro(policy_crate: &PolicyCrate) -> bool {
    let library = policy_crate.manifest.document.get("lib").and_then(Item::as_table_like);
    let is_set = |key| library.and_then(|library| library.get(key)?.as_bool()).unwrap_or(false);
    let kinds = library
        .and_then(|library| library.get("crate-type").or(library.get("crate_type"))?.as_array());
    let is_kind =
        kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind.as_str() == Some("proc-macro")));
    // The spelling with `_` is that of older editions.
    is_set("proc-macro") || is_set("proc_macro") || is_kind
}
