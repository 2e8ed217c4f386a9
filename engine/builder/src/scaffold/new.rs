use std::path::Path;

use super::{Api, CrateName, Form, ScaffoldError, Written, files};
use crate::artifacts;
use crate::steps::engine::Engine;
use policy_host::atomic;

/// The policy that a new folder begins with.
pub(crate) const FIRST: &str = "working-hours";

/// Writes a policies folder with one policy, which takes `policy-api` from the engine unless that
/// is given.
///
/// # Errors
/// Finds something that is in the folder already: it stays as it is.
pub(crate) fn new(
    folder: &Path,
    api: Option<&Api>,
    engine: Option<&Path>,
) -> Result<Written, ScaffoldError> {
    atomic::check_folder(folder, artifacts::POLICIES_FOLDER)?;
    let api = match api {
        Some(api) => api.clone(),
        None => Api::from_engine(&Engine::locate(engine)?, folder)?,
    };
    let first: CrateName = FIRST.parse()?;
    let mut files = files::of_folder(&api);
    for (path, text) in files::of_crate(&first, &Api::inherited(), Form::Function) {
        files.push((Path::new(FIRST).join(path), text));
    }
    atomic::replace_folder(folder, artifacts::POLICIES_FOLDER, |new| files::write(&files, new))?;
    let created = files.into_iter().map(|(path, _)| folder.join(path)).collect();
    Ok(Written { folder: folder.to_owned(), created, changed: None })
}
