//! Having Cargo put the sources of everything into one folder.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::CompileError;
use super::cargo::{Cargo, not_started, sentence};
use crate::generate::Workspace;
use crate::interrupt;

/// What was vendored.
#[derive(Debug, Default)]
pub(crate) struct Vendored {
    /// The configuration by which Cargo finds it.
    pub(crate) config: String,
    /// The folder in Cargo's home that Cargo unpacks crates of crates.io into, such as
    /// `registry/src/index.crates.io-…`; `None` where another source takes the place of crates.io.
    pub(crate) registry: Option<String>,
    /// The folders, as `name-version`, of what is compiled for one of the platforms; Cargo only
    /// reads the manifests of the others.
    pub(crate) compiled: BTreeSet<String>,
}

/// Copies what workspaces depend on into a folder.
pub(crate) fn vendor(
    workspaces: &[Workspace],
    folder: &Path,
    platforms: &[&str],
) -> Result<Vendored, CompileError> {
    let [first, others @ ..] = workspaces else { return Ok(Vendored::default()) };
    let cargo = Cargo::passing()?;
    let mut command = cargo.command("vendor", &first.root)?;
    command.args(["--locked", "--versioned-dirs", "--respect-source-config"]);
    for other in others {
        command.arg("--sync").arg(std::path::absolute(&other.root)?.join("Cargo.toml"));
    }
    let output =
        interrupt::output(command.arg(std::path::absolute(folder)?)).map_err(not_started)?;
    if !output.status.success() {
        return Err(CompileError::Vendor(sentence(&String::from_utf8_lossy(&output.stderr))));
    }
    let config = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut vendored = Vendored { config, ..Vendored::default() };
    for workspace in workspaces {
        for package in packages(&cargo, workspace, platforms)? {
            vendored.compiled.insert(format!("{}-{}", package.name, package.version));
            if vendored.registry.is_none() {
                vendored.registry = registry_of(&package.manifest_path);
            }
        }
    }
    Ok(vendored)
}

/// The part of what `cargo metadata` prints that says what packages there are.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    manifest_path: PathBuf,
}

fn packages(
    cargo: &Cargo,
    workspace: &Workspace,
    platforms: &[&str],
) -> Result<Vec<Package>, CompileError> {
    let mut command = cargo.command("metadata", &workspace.root)?;
    command.args(["--locked", "--format-version", "1"]);
    for platform in platforms {
        command.args(["--filter-platform", platform]);
    }
    let output = interrupt::output(&mut command).map_err(not_started)?;
    if !output.status.success() {
        return Err(CompileError::Vendor(sentence(&String::from_utf8_lossy(&output.stderr))));
    }
    let metadata: Result<Metadata, _> = serde_json::from_slice(&output.stdout);
    let wrong = |error| CompileError::Vendor(format!("read what `cargo metadata` says: {error}"));
    Ok(metadata.map_err(wrong)?.packages)
}

/// `registry/src/index` of `…/registry/src/index/serde-1.0.0/Cargo.toml`.
fn registry_of(manifest: &Path) -> Option<String> {
    let index = manifest.parent()?.parent()?;
    let is_unpacked = index.parent()?.ends_with("registry/src");
    is_unpacked.then(|| Some(format!("registry/src/{}", index.file_name()?.to_str()?))).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registrys_folder_is_told_by_a_crate_in_it() {
        let of = |manifest: &str| registry_of(Path::new(manifest));
        assert_eq!(
            of("/home/me/.cargo/registry/src/index.crates.io-1/serde-1.0.0/Cargo.toml").unwrap(),
            "registry/src/index.crates.io-1"
        );
        assert_eq!(of("/home/me/vendor/serde-1.0.0/Cargo.toml"), None);
        assert_eq!(of("Cargo.toml"), None);
    }
}
