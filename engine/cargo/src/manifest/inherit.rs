//! Filling in what a crate takes from its workspace, by Cargo's rules, so that it can be built in
//! another one.

use std::path::Path;

use toml_edit::{Array, DocumentMut, InlineTable, Item, Value};

use super::dependencies::for_each_dependency;
use super::error::{ManifestError, Missing};
use super::workspace::{Workspace, table};

pub(super) fn fill_in(
    path: &Path,
    mut document: DocumentMut,
    workspace: Option<&Workspace>,
    excluding: Option<&Path>,
) -> Result<DocumentMut, ManifestError> {
    let missing = |key: String| {
        let missing = match (workspace, excluding) {
            (Some(workspace), _) => Missing::Key(workspace.folder.clone()),
            (None, Some(excluding)) => Missing::Excluded(excluding.to_owned()),
            (None, None) => Missing::Workspace,
        };
        ManifestError::NotInherited { path: path.to_owned(), key, missing }
    };
    let shared = |table_name: &str, key: &str| {
        table(&workspace?.document, &["workspace", table_name])?.get(key).cloned()
    };

    if let Some(package) = document.get_mut("package").and_then(Item::as_table_like_mut) {
        for (key, item) in package.iter_mut() {
            if inherits(item) {
                *item = shared("package", key.get())
                    .ok_or_else(|| missing(format!("package.{}", key.get())))?;
            }
        }
    }
    if document.get("lints").is_some_and(inherits) {
        let lints = workspace
            .and_then(|lint| table(&lint.document, &["workspace"])?.get("lints").cloned())
            .ok_or_else(|| missing("lints".to_owned()))?;
        document.insert("lints", lints);
    }

    let mut first_missing = None;
    for_each_dependency(&mut document, |_, key, item| {
        if !inherits(item) {
            return;
        }
        match shared("dependencies", key) {
            Some(base) => {
                let folder = workspace.map_or(Path::new(""), |workspace| &workspace.folder);
                *item = Item::Value(Value::InlineTable(merged(&base, item, folder)));
            }
            None => {
                first_missing.get_or_insert(format!("dependencies.{key}"));
            }
        }
    });
    match first_missing {
        Some(key) => Err(missing(key)),
        None => Ok(document),
    }
}

/// Checks whether an item says `workspace = true`.
fn inherits(item: &Item) -> bool {
    item.as_table_like().and_then(|table| table.get("workspace")?.as_bool()).unwrap_or(false)
}

/// A dependency as the workspace has it, with what the crate adds: features, and whether it is
/// optional or takes the default features.
fn merged(base: &Item, own: &Item, workspace: &Path) -> InlineTable {
    let mut merged = InlineTable::new();
    match base.as_table_like() {
        None => {
            if let Some(requirement) = base.as_value() {
                merged.insert("version", requirement.clone());
            }
        }
        Some(base) => {
            for (key, item) in base.iter() {
                if let Ok(value) = item.clone().into_value() {
                    merged.insert(key, value);
                }
            }
        }
    }
    // The workspace's paths are relative to its folder, the crate's to its own.
    if let Some(path) = merged.get("path").and_then(Value::as_str) {
        let absolute = workspace.join(path).to_string_lossy().into_owned();
        merged.insert("path", absolute.into());
    }
    for (key, item) in own.as_table_like().into_iter().flat_map(|own| own.iter()) {
        match (key, item.clone().into_value()) {
            ("features", Ok(Value::Array(added))) => {
                let mut features = merged
                    .get("features")
                    .and_then(Value::as_array)
                    .cloned()
                    .unwrap_or_else(Array::new);
                features.extend(added);
                features.fmt();
                merged.insert("features", features.into());
            }
            // A crate can only add the default features to what its workspace asks for.
            ("default-features", Ok(value)) if value.as_bool() == Some(false) => {}
            ("workspace", _) | (_, Err(_)) => {}
            (_, Ok(value)) => {
                merged.insert(key, value);
            }
        }
    }
    merged.fmt();
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = r#"
        [workspace.package]
        version = "1.2.3"
        [workspace.dependencies]
        serde = { version = "1", default-features = false, features = ["std"] }
        semver = "1"
        shared = { path = "libs/shared" }
        [workspace.lints.rust]
        unsafe_code = "forbid"
    "#;

    fn filled(crate_manifest: &str, root: Option<&str>) -> Result<String, String> {
        let workspace =
            root.map(|root| Workspace { folder: "/ws".into(), document: root.parse().unwrap() });
        fill_in(
            Path::new("p/Cargo.toml"),
            crate_manifest.parse().unwrap(),
            workspace.as_ref(),
            None,
        )
        .map(|document| document.to_string())
        .map_err(|error| error.to_string())
    }

    #[test]
    fn inherited_fields_are_written_out() {
        let own = r#"[package]
name = "p"
version.workspace = true
[dependencies]
serde = { workspace = true, features = ["derive"], optional = true }
shared.workspace = true
[target.'cfg(unix)'.dependencies]
semver = { workspace = true, default-features = false }
[lints]
workspace = true
"#;
        let document: DocumentMut = filled(own, Some(ROOT)).unwrap().parse().unwrap();
        assert_eq!(document["package"]["version"].as_str(), Some("1.2.3"));
        let serde = &document["dependencies"]["serde"];
        assert_eq!(
            serde.to_string().trim(),
            r#"{ version = "1", default-features = false, features = ["std", "derive"], optional = true }"#
        );
        assert_eq!(document["dependencies"]["shared"]["path"].as_str(), Some("/ws/libs/shared"));
        let semver = &document["target"]["cfg(unix)"]["dependencies"]["semver"];
        assert_eq!(semver.to_string().trim(), r#"{ version = "1" }"#);
        assert_eq!(document["lints"]["rust"]["unsafe_code"].as_str(), Some("forbid"));
    }

    #[test]
    fn field_missing_from_the_workspace_is_named() {
        let own = "[package]\nname = \"p\"\nversion.workspace = true\n";
        assert_eq!(
            filled(own, None).unwrap_err(),
            "`p/Cargo.toml` inherits `package.version` from its workspace, and is in no \
             workspace\nhelp: write it out, or add the workspace's `Cargo.toml`"
        );
        let own = "[dependencies]\nrand.workspace = true\n";
        assert_eq!(
            filled(own, Some(ROOT)).unwrap_err(),
            "`p/Cargo.toml` inherits `dependencies.rand` from its workspace, and `/ws/Cargo.toml` has none"
        );
    }
}
