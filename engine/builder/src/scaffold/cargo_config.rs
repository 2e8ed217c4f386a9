//! The configuration that has Cargo take `policy-api` from sources on this machine.

use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, InlineTable, Item, Table, TableLike, Value};

use crate::steps::engine::POLICY_API;

/// The file, in the folder that Cargo runs in or above it.
pub(super) const PATH: &str = ".cargo/config.toml";
/// The line of `.gitignore` for it.
pub(super) const IGNORED: &str = "/.cargo/config.toml";
/// Its beginning where nothing else is in it.
const HEADER: &str = "# Of this machine, by `policy-builder setup`: not to be committed.\n";
/// The end of the path of any engine's `policy-api`.
const API: &str = "engine/api";

/// The folder of `policy-api` in an engine.
pub(super) fn api_in(engine: &Path) -> PathBuf {
    engine.join(API)
}

/// The text of a new file.
pub(super) fn new(api: &Path) -> String {
    format!("{HEADER}[patch.crates-io]\n{POLICY_API} = {}\n", source(api))
}

fn source(api: &Path) -> Value {
    let path = Value::from(api.to_string_lossy().into_owned());
    InlineTable::from_iter([("path", path)]).into()
}

/// The text of the file with everything else that is in it.
pub(super) fn patched(text: &str, api: &Path) -> Result<String, PatchError> {
    if text.trim().is_empty() {
        return Ok(new(api));
    }
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| PatchError::Syntax(error.to_string()))?;
    let patches = table_in(document.as_table_mut(), "patch")?;
    let patches = table_in(patches, "crates-io")?;
    let path = |item: &Item| Some(item.as_table_like()?.get("path")?.as_str()?.to_owned());
    if let Some(found) = patches.get(POLICY_API) {
        let is_an_engines = path(found).is_some_and(|path| Path::new(&path).ends_with(API));
        if !is_an_engines {
            return Err(PatchError::Taken(found.to_string().trim().to_owned()));
        }
    }
    patches.insert(POLICY_API, Item::Value(source(api)));
    Ok(document.to_string())
}

/// A table in another, which is made where it is missing.
fn table_in<'a>(
    table: &'a mut dyn TableLike,
    key: &str,
) -> Result<&'a mut dyn TableLike, PatchError> {
    let made = || {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    };
    let inside = table.entry(key).or_insert_with(made).as_table_like_mut();
    inside.ok_or_else(|| PatchError::NoTable(key.to_owned()))
}

/// A configuration that cannot be added to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PatchError {
    #[error("it is not TOML: {0}")]
    Syntax(String),
    #[error("found `{0}` that is no table")]
    NoTable(String),
    #[error("it takes `policy-api` from elsewhere already: `{0}`\nhelp: remove that, or keep it")]
    Taken(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGINE: &str = "/cache/engine-2/engine/api";

    fn patched(text: &str) -> String {
        super::patched(text, Path::new(ENGINE)).unwrap()
    }

    #[test]
    fn new_configuration_has_the_patch_alone() {
        assert_eq!(
            patched(""),
            "# Of this machine, by `policy-builder setup`: not to be committed.\n\
             [patch.crates-io]\npolicy-api = { path = \"/cache/engine-2/engine/api\" }\n"
        );
        assert_eq!(patched(&patched("")), patched(""));
    }

    #[test]
    fn other_settings_stay_and_an_older_engine_gives_way() {
        let before = "# ours\n[alias]\nt = \"test\" # short\n\n[patch.crates-io]\n\
                      serde = { path = \"serde\" }\n\
                      policy-api = { path = \"/cache/engine-1/engine/api\" }\n";
        assert_eq!(patched(before), before.replace("engine-1", "engine-2"));
        let patch = "[patch.crates-io]\npolicy-api = { path = \"/cache/engine-2/engine/api\" }\n";
        let before = "[alias]\nt = \"test\"\n";
        assert_eq!(patched(before), format!("{before}\n{patch}"));
    }

    #[test]
    fn configuration_of_another_source_is_refused() {
        let refused = |text: &str| super::patched(text, Path::new(ENGINE)).unwrap_err().to_string();
        assert_eq!(
            refused("[patch.crates-io.policy-api]\ngit = \"https://example.com/engine\"\n"),
            "it takes `policy-api` from elsewhere already: `git = \
             \"https://example.com/engine\"`\nhelp: remove that, or keep it"
        );
        assert_eq!(refused("patch = 1"), "found `patch` that is no table");
        assert!(refused("patch =").starts_with("it is not TOML: "));
    }
}
