//! Vendoring: the sources of everything in one folder.

use std::collections::BTreeSet;
use std::path::Path;

use cargo_metadata::Package;

use super::command::{not_started, one_line};
use super::{Cargo, CargoError, metadata};
use policy_host::signals;

/// The result of vendoring.
#[derive(Debug, Default)]
pub struct Vendored {
    /// The configuration that leads Cargo to the folder.
    pub config: String,
    /// The folder in Cargo's home that Cargo unpacks crates of crates.io into, such as
    /// `registry/src/index.crates.io-…`; `None` where another source takes the place of crates.io.
    pub registry: Option<String>,
    /// The folders, as `name-version`, of the packages that are compiled for one of the
    /// platforms. Cargo only reads the manifests of the others.
    pub compiled: BTreeSet<String>,
}

/// Copies the dependencies of workspaces into a folder.
///
/// # Errors
/// When Cargo does not start, or fails.
pub fn vendor(
    workspaces: &[&Path],
    folder: &Path,
    platforms: &[&str],
) -> Result<Vendored, CargoError> {
    let [first, others @ ..] = workspaces else { return Ok(Vendored::default()) };
    let cargo = Cargo::with_temporary_home()?;
    let mut command = cargo.command("vendor", first)?;
    command.args(["--locked", "--versioned-dirs", "--respect-source-config"]);
    for other in others {
        command.arg("--sync").arg(std::path::absolute(other)?.join("Cargo.toml"));
    }
    let output = signals::output(command.arg(std::path::absolute(folder)?)).map_err(not_started)?;
    if !output.status.success() {
        return Err(CargoError::Vendor(one_line(&String::from_utf8_lossy(&output.stderr))));
    }
    let config = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut vendored = Vendored { config, ..Vendored::default() };
    for workspace in workspaces {
        for package in packages(&cargo, workspace, platforms)? {
            vendored.compiled.insert(format!("{}-{}", package.name, package.version));
            if vendored.registry.is_none() {
                vendored.registry = registry_of(package.manifest_path.as_std_path());
            }
        }
    }
    Ok(vendored)
}

fn packages(
    cargo: &Cargo,
    workspace: &Path,
    platforms: &[&str],
) -> Result<Vec<Package>, CargoError> {
    let mut command = cargo.command("metadata", workspace)?;
    command.args(["--locked", "--format-version", "1"]);
    for platform in platforms {
        command.args(["--filter-platform", platform]);
    }
    Ok(metadata::parse(&metadata::print(&mut command)?)?.packages)
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
    fn registry_folder_is_taken_from_an_unpacked_crate() {
        let registry = |manifest: &str| registry_of(Path::new(manifest));
        assert_eq!(
            registry("/home/me/.cargo/registry/src/index.crates.io-1/serde-1.0.0/Cargo.toml")
                .unwrap(),
            "registry/src/index.crates.io-1"
        );
        assert_eq!(registry("/home/me/vendor/serde-1.0.0/Cargo.toml"), None);
        assert_eq!(registry("Cargo.toml"), None);
    }
}
