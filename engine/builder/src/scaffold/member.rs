use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern};
use toml_edit::{Array, DocumentMut, Item, Value};

use super::{CrateName, ScaffoldError};
use policy_cargo::manifest::{self, Workspace};

/// Lists a new crate in the manifest of its workspace, where that is needed.
///
/// Cargo works in no folder that is inside of a workspace, and neither one of its members nor
/// excluded; and only members inherit.
pub(super) fn listing(
    policies: &Path,
    name: &CrateName,
    inherits: bool,
) -> Result<Option<(PathBuf, String)>, ScaffoldError> {
    let policies = fs_err::canonicalize(policies)?;
    let Some(workspace) = manifest::workspace_around(&policies)? else { return Ok(None) };
    let folder = policies.join(name.as_str());
    let folder = folder.strip_prefix(&workspace.folder).unwrap_or(&folder);
    if is_member(&workspace, folder, inherits) {
        return Ok(None);
    }
    let path = workspace.folder.join("Cargo.toml");
    let mut document: DocumentMut = fs_err::read_to_string(&path)?.parse().unwrap_or_default();
    let members = document
        .get_mut("workspace")
        .and_then(Item::as_table_like_mut)
        .map(|workspace| workspace.entry("members").or_insert_with(|| Array::new().into()))
        .and_then(Item::as_array_mut);
    let Some(members) = members else { return Ok(None) };
    push(members, &Pattern::escape(&folder.to_string_lossy()));
    Ok(Some((path, document.to_string())))
}

/// Checks whether Cargo takes a folder for what it should be, as it is.
fn is_member(workspace: &Workspace, folder: &Path, inherits: bool) -> bool {
    let listed = |key| {
        let list = workspace.document.get("workspace")?.get(key)?.as_array();
        Some(list?.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>())
    };
    let options = MatchOptions { require_literal_separator: true, ..MatchOptions::new() };
    let is_matched = |pattern: &String| {
        let pattern = Pattern::new(pattern.trim_start_matches("./").trim_end_matches('/'));
        pattern.is_ok_and(|pattern| pattern.matches_path_with(folder, options))
    };
    let is_excluded = |name: &String| folder.starts_with(name.trim_start_matches("./"));
    if listed("exclude").into_iter().flatten().any(|path| is_excluded(&path)) {
        return !inherits;
    }
    listed("members").into_iter().flatten().any(|path| is_matched(&path))
}

/// Adds to a list, on a line of its own where the others are.
fn push(members: &mut Array, member: &str) {
    let mut added = Value::from(member);
    if let Some(last) = members.len().checked_sub(1).and_then(|last| members.get_mut(last)) {
        let before = last.decor().prefix().and_then(|text| text.as_str()).unwrap_or_default();
        // Without a comment that stands there.
        let before = before.rsplit_once('\n').map(|(_, indent)| format!("\n{indent}"));
        if let Some(before) = before {
            added.decor_mut().set_prefix(before);
        } else {
            added.decor_mut().set_prefix(" ");
        }
    }
    members.push_formatted(added);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(workspace: &str, inherits: bool) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        let policies = folder.path().join("policies");
        fs_err::create_dir(&policies).unwrap();
        fs_err::write(folder.path().join("Cargo.toml"), workspace).unwrap();
        let listing = listing(&policies, &"new".parse().unwrap(), inherits).unwrap();
        listing.map(|(_, text)| text)
    }

    #[test]
    fn existing_workspace_member_is_not_listed() {
        for list in ["[\"policies/*\"]", "[\"./policies/[!.]*\"]", "[\"policies/new/\"]"] {
            assert_eq!(listed(&format!("[workspace]\nmembers = {list}\n"), true), None);
        }
        assert_eq!(listed("[package]\n", false), None);
        assert_eq!(listed("[workspace]\nexclude = [\"policies\"]\n", false), None);
    }

    #[test]
    fn new_member_is_listed_in_the_style_of_the_list() {
        assert_eq!(
            listed("[workspace]\nmembers = [\n    \"*\", # all\n    \"b\",\n]\n", false).unwrap(),
            "[workspace]\nmembers = [\n    \"*\", # all\n    \"b\",\n    \"policies/new\",\n]\n"
        );
        assert_eq!(
            listed("[workspace]\nmembers = [\"a\"]\nexclude = [\"policies\"]\n", true).unwrap(),
            "[workspace]\nmembers = [\"a\", \"policies/new\"]\nexclude = [\"policies\"]\n"
        );
        assert_eq!(
            listed("[workspace]\n", false).unwrap(),
            "[workspace]\nmembers = [\"policies/new\"]\n"
        );
    }
}
