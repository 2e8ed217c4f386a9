//! A crate's manifest as a member of the generated workspace.

use std::collections::BTreeSet;

use toml_edit::{DocumentMut, InlineTable, Item, TableLike, Value, value};

use super::{Extent, GenerateError};
use crate::steps::discover::{Policies, PolicyCrate};
use crate::steps::engine::{Engine, POLICY_API};
use policy_cargo::Source;
use policy_cargo::manifest::{Manifest, for_each_dependency, for_each_holder};

/// The manifest of one of the engine's crates, with the others beside it.
pub(super) fn engine_manifest(manifest: &Manifest, engine: &Engine) -> String {
    let mut document = manifest.document.clone();
    stand_alone(&mut document);
    reduce_to_library(&mut document);
    for (_, neighbour) in engine.crates() {
        let name = neighbour.package("name").and_then(|name| name.as_str());
        let folder = neighbour.folder().file_name().and_then(|folder| folder.to_str());
        if let (Some(name), Some(folder)) = (name, folder) {
            point_to_engine(&mut document, name, &format!("../{folder}"));
        }
    }
    document.to_string()
}

/// A crate of the policies folder, with `policy-api` and its neighbours where they are in the
/// generated workspace.
pub(super) fn policy_manifest(
    policy_crate: &PolicyCrate,
    policies: &Policies,
    extent: Extent,
) -> Result<String, GenerateError> {
    // From its folder to the one of all crates.
    let up = "../".repeat(policy_crate.folder.split('/').count());
    let mut document = policy_crate.manifest.document.clone();
    stand_alone(&mut document);
    // Those from elsewhere are tested there.
    if extent == Extent::Libraries || policy_crate.origin != Source::Folder {
        reduce_to_library(&mut document);
    }
    point_to_engine(&mut document, POLICY_API, &format!("{up}../engine/api"));
    let mut outside = None;
    for_each_dependency(&mut document, |_, key, item| {
        if package_of(key, item) == POLICY_API {
            return;
        }
        let Some(path) = item.get("path").and_then(Item::as_str) else { return };
        let folder = policy_crate.manifest.folder().join(path);
        match policies.crate_in(&folder) {
            Some(neighbour) => item["path"] = value(format!("{up}{}", neighbour.folder)),
            None => outside = Some(folder),
        }
    });
    match outside {
        // Discovery has judged all others.
        Some(dependency) if policy_crate.origin == Source::Folder => {
            Err(GenerateError::TestsOutside {
                path: policy_crate.manifest.path.clone(),
                dependency,
            })
        }
        _ => Ok(document.to_string()),
    }
}

/// Takes out what Cargo follows at the root of a workspace only, and what names files elsewhere.
fn stand_alone(document: &mut DocumentMut) {
    for key in ["workspace", "profile", "patch", "badges"] {
        document.remove(key);
    }
    if let Some(package) = document.get_mut("package").and_then(Item::as_table_like_mut) {
        for key in ["workspace", "readme", "license-file"] {
            package.remove(key);
        }
    }
}

/// Leaves what a dependent builds: no programs, tests, benchmarks and examples, and no dependencies
/// of these.
fn reduce_to_library(document: &mut DocumentMut) {
    for key in ["bin", "test", "bench", "example"] {
        document.remove(key);
    }
    for_each_holder(document, |holder, _| {
        holder.remove("dev-dependencies");
    });
    if let Some(library) = document.get_mut("lib").and_then(Item::as_table_like_mut) {
        forget_other_types(library);
    }
    if let Some(package) = document.get_mut("package").and_then(Item::as_table_like_mut) {
        package.remove("default-run");
        for key in ["autobins", "autotests", "autobenches", "autoexamples"] {
            package.insert(key, value(false));
        }
    }
    forget_features_of_what_went(document);
}

/// Leaves of a library that is made in several forms the one for Rust: a static program has no use
/// for a shared one, and it may not even link.
fn forget_other_types(library: &mut dyn TableLike) {
    for key in ["crate-type", "crate_type"] {
        let types = library.get(key).and_then(Item::as_array);
        if types.is_some_and(|types| {
            types.iter().any(|kind| matches!(kind.as_str(), Some("lib" | "rlib")))
        }) {
            library.remove(key);
        }
    }
}

/// Takes `serde_json/preserve_order` out of the features when `serde_json` was there for tests
/// only.
fn forget_features_of_what_went(document: &mut DocumentMut) {
    let mut left = BTreeSet::new();
    for_each_dependency(document, |_, key, _| {
        left.insert(key.to_owned());
    });
    let features = document.get_mut("features").and_then(Item::as_table_like_mut);
    for (_, feature) in features.into_iter().flat_map(|features| features.iter_mut()) {
        if let Some(enables) = feature.as_array_mut() {
            enables.retain(|enabled| {
                let of = enabled.as_str().and_then(|enabled| enabled.split_once('/'));
                of.is_none_or(|(dependency, _)| left.contains(dependency.trim_end_matches('?')))
            });
        }
    }
}

/// Makes every dependency on a crate the engine's, whatever version, registry or folder the author
/// wrote.
fn point_to_engine(document: &mut DocumentMut, package: &str, path: &str) {
    for_each_dependency(document, |_, key, item| {
        if package_of(key, item) != package {
            return;
        }
        let mut dependency = InlineTable::new();
        if key != package {
            dependency.insert("package", package.into());
        }
        dependency.insert("path", path.into());
        for kept in ["features", "default-features", "optional"] {
            if let Some(value) = item.get(kept).and_then(Item::as_value) {
                dependency.insert(kept, value.clone());
            }
        }
        *item = Item::Value(Value::InlineTable(dependency));
    });
}

fn package_of<'a>(key: &'a str, item: &'a Item) -> &'a str {
    item.get("package").and_then(Item::as_str).unwrap_or(key)
}
