//! Having Cargo put the sources of everything into one folder.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::CompileError;
use super::cargo::{cargo, not_started, sentence};
use crate::generate::Workspace;

/// Copies what workspaces depend on into a folder, and gives the configuration by which Cargo finds
/// it there.
pub(crate) fn vendor(workspaces: &[Workspace], folder: &Path) -> Result<String, CompileError> {
    let [first, others @ ..] = workspaces else { return Ok(String::new()) };
    let mut command = cargo("vendor", first);
    command.args(["--locked", "--versioned-dirs", "--respect-source-config"]);
    for other in others {
        command.arg("--sync").arg(other.root.join("Cargo.toml"));
    }
    let output = command.arg(folder).output().map_err(not_started)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(CompileError::Vendor(sentence(&String::from_utf8_lossy(&output.stderr))))
}

/// The part of what `cargo metadata` prints that says where packages lie.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    manifest_path: PathBuf,
}

/// The folder in Cargo's home that Cargo unpacks crates of crates.io into, such as
/// `registry/src/index.crates.io-…`; `None` where another source takes the place of crates.io.
pub(crate) fn registry_folder(workspaces: &[Workspace]) -> Result<Option<String>, CompileError> {
    let Some(workspace) = workspaces.first() else { return Ok(None) };
    let mut command = cargo("metadata", workspace);
    let output = command.args(["--locked", "--format-version", "1"]).output();
    let output = output.map_err(not_started)?;
    if !output.status.success() {
        return Err(CompileError::Vendor(sentence(&String::from_utf8_lossy(&output.stderr))));
    }
    let metadata: Metadata = serde_json::from_slice(&output.stdout)
        .map_err(|error| CompileError::Vendor(format!("read what `cargo metadata` says: {error}")))?;
    let folders = metadata.packages.iter().filter_map(|it| it.manifest_path.parent()?.parent());
    let mut names = folders.filter(|it| it.parent().is_some_and(|it| it.ends_with("registry/src")));
    let name = names.find_map(|it| it.file_name()?.to_str());
    Ok(name.map(|name| format!("registry/src/{name}")))
}
