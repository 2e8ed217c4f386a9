use std::path::Path;

use super::{Api, CrateName, Form, ScaffoldError, Written, files};
use crate::artifacts;
use crate::steps::engine::Engine;
use policy_host::atomic;

/// The policy that a new folder begins with.
pub(crate) const FIRST: &str = "working-hours";

/// The folder of the policies, where every command looks for them.
const POLICIES: &str = "policies";

/// Writes a policies repository with one policy. It takes the engine's version of `policy-api`, and
/// Cargo is told where that is, unless another source is given.
///
/// # Errors
/// Finds something that is in the folder already: it stays as it is.
pub(crate) fn new(
    folder: &Path,
    api: Option<&Api>,
    engine: Option<&Path>,
) -> Result<Written, ScaffoldError> {
    atomic::check_folder(folder, artifacts::POLICIES_FOLDER)?;
    let first: CrateName = FIRST.parse()?;
    let mut files = if let Some(api) = api {
        files::of_repository(api)
    } else {
        let engine = Engine::locate(engine)?;
        let mut files = files::of_repository(&Api::from_engine(&engine));
        files.push(files::cargo_config(&engine.root));
        files
    };
    for (path, text) in files::of_crate(&first, &Api::inherited(), Form::Function) {
        files.push((Path::new(POLICIES).join(FIRST).join(path), text));
    }
    atomic::replace_folder(folder, artifacts::POLICIES_FOLDER, |new| files::write(&files, new))?;
    let created = files.into_iter().map(|(path, _)| folder.join(path)).collect();
    Ok(Written { folder: folder.to_owned(), created, changed: None })
}
