use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::ScaffoldError;
use super::cargo_config::{IGNORED, PATH, api_in, patched};
use crate::artifacts;
use crate::steps::engine::Engine;
use crate::steps::git;
use policy_host::atomic;

/// The lines of a `.gitignore` that leave the configuration out.
const IGNORING: [&str; 6] =
    [IGNORED, ".cargo/config.toml", "/.cargo/", ".cargo/", "/.cargo", ".cargo"];

/// What has Cargo in a folder take `policy-api` from the engine.
#[derive(Debug, Serialize)]
pub(crate) struct SetUp {
    /// Cargo's configuration.
    pub(crate) config: PathBuf,
    /// The sources that it names.
    pub(crate) api: PathBuf,
    /// The files that were not as they should be.
    pub(crate) written: Vec<PathBuf>,
}

/// Has Cargo in a folder take `policy-api` from the engine, by a configuration that is not
/// committed. What else is in it stays.
///
/// # Errors
/// Finds a folder without policies, or a configuration that Git tracks: a path of this machine would
/// end in it.
pub(crate) fn setup(folder: &Path, engine: Option<&Path>) -> Result<SetUp, ScaffoldError> {
    if !folder.join("Cargo.toml").is_file() && !folder.join("policies").is_dir() {
        return Err(ScaffoldError::NotPolicies(folder.to_owned()));
    }
    let api = api_in(&Engine::locate(engine)?.root);
    // As users name what is in the current folder.
    let folder = if folder == Path::new(".") { Path::new("") } else { folder };
    let mut written = Vec::new();

    let config = folder.join(PATH);
    // Cargo would take this one.
    let older = folder.join(".cargo/config");
    let config = if older.is_file() { older } else { config };
    let before = read(&config)?;
    let after = patched(&before, &api)
        .map_err(|problem| ScaffoldError::Configuration { path: config.clone(), problem })?;
    if after != before {
        if git::is_tracked(folder, &config) {
            return Err(ScaffoldError::Tracked { path: config, api });
        }
        if let Some(folder) = config.parent() {
            fs_err::create_dir_all(folder)?;
        }
        write(&config, &after)?;
        written.push(config.clone());
    }

    let ignore = folder.join(".gitignore");
    let mut lines = read(&ignore)?;
    if !lines.lines().any(|line| IGNORING.contains(&line.trim())) {
        if !lines.is_empty() && !lines.ends_with('\n') {
            lines.push('\n');
        }
        lines.push_str(IGNORED);
        lines.push('\n');
        write(&ignore, &lines)?;
        written.push(ignore);
    }
    Ok(SetUp { config, api, written })
}

/// The text of a file; nothing where it is missing.
fn read(path: &Path) -> std::io::Result<String> {
    if path.symlink_metadata().is_ok() { fs_err::read_to_string(path) } else { Ok(String::new()) }
}

fn write(path: &Path, text: &str) -> Result<(), ScaffoldError> {
    atomic::replace_file(path, artifacts::CONFIGURATION, |file| file.write_all(text.as_bytes()))?;
    Ok(())
}
