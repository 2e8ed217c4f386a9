use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{Api, CrateName};

const WORKSPACE: &str = include_str!("template/workspace.toml");
const GITIGNORE: &str = include_str!("template/gitignore");
const README: &str = include_str!("template/README.md");
const MANIFEST: &str = include_str!("template/policy.toml");
const LIBRARY: &str = include_str!("template/policy.rs");
/// The type in it.
const TYPE: &str = "WorkingHours";

/// Files by their path inside a folder.
pub(super) type Files = Vec<(PathBuf, String)>;

/// The files beside the crates of a new folder.
pub(super) fn of_folder(api: &Api) -> Files {
    vec![
        (".gitignore".into(), GITIGNORE.to_owned()),
        ("Cargo.toml".into(), WORKSPACE.replace("{policy-api}", &api.value())),
        ("README.md".into(), README.to_owned()),
    ]
}

/// A policy crate, which passes its test as it is.
pub(super) fn of_crate(name: &CrateName, api: &Api) -> Files {
    let api = if api.is_inherited() {
        "policy-api.workspace = true".to_owned()
    } else {
        format!("policy-api = {}", api.value())
    };
    let manifest = MANIFEST.replace("{name}", name.as_str()).replace("{policy-api}", &api);
    let library = LIBRARY.replace(TYPE, &type_of(name));
    vec![("Cargo.toml".into(), manifest), ("src/lib.rs".into(), library)]
}

/// A name for the policy's type that nothing else there has.
fn type_of(name: &CrateName) -> String {
    let name = name.camel_case();
    let words = LIBRARY.split(|character: char| !character.is_ascii_alphanumeric());
    if words.filter(|word| *word != TYPE).any(|word| word == name) {
        return format!("{name}Policy");
    }
    name
}

pub(super) fn write(files: &Files, folder: &Path) -> io::Result<()> {
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(path, text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_name_avoids_names_of_the_prelude() {
        let type_of = |name: &str| type_of(&name.parse().unwrap());
        assert_eq!(type_of("working-hours"), "WorkingHours");
        assert_eq!(type_of("image-age"), "ImageAge");
        for (name, expected) in [("policy", "PolicyPolicy"), ("ok", "OkPolicy"), ("u8", "U8")] {
            assert_eq!(type_of(name), expected);
        }
    }
}
