//! Results of `cargo metadata`.

use std::path::Path;
use std::process::Command;

use cargo_metadata::Metadata;

use super::command::{not_started, one_line, resolve};
use super::{Cargo, CargoError, Network};
use policy_host::signals;

/// The metadata of a package whose dependencies were just fetched.
pub struct FetchedMetadata {
    /// The metadata.
    pub metadata: Metadata,
    /// Holds the folder that the packages' paths go through.
    _cargo: Cargo,
}

/// Has Cargo resolve and fetch the dependencies of the package in a folder.
///
/// # Errors
/// When Cargo does not start, or finds no versions.
pub fn fetch_metadata(root: &Path, network: Network) -> Result<FetchedMetadata, CargoError> {
    let cargo = Cargo::with_temporary_home()?;
    let mut command = cargo.command("metadata", root)?;
    command.args(["--format-version", "1", "--quiet"]);
    if network == Network::Off {
        command.arg("--offline");
    }
    Ok(FetchedMetadata { metadata: parse(&resolve(&mut command)?)?, _cargo: cargo })
}

/// Runs a `cargo metadata` that has nothing to resolve, and gives what it prints.
pub(super) fn print(command: &mut Command) -> Result<Vec<u8>, CargoError> {
    let output = signals::output(command).map_err(not_started)?;
    if !output.status.success() {
        return Err(CargoError::Metadata(one_line(&String::from_utf8_lossy(&output.stderr))));
    }
    Ok(output.stdout)
}

pub(super) fn parse(json: &[u8]) -> Result<Metadata, CargoError> {
    serde_json::from_slice(json)
        .map_err(|error| CargoError::Metadata(format!("unknown output: {error}")))
}
