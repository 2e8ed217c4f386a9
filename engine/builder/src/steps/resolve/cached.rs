//! Completing a lock that is most likely as it was: between two saves, manifests rarely change,
//! and Cargo takes a while to find that out.

use std::fmt::Write;
use std::io;
use std::path::Path;
use std::process;

use walkdir::WalkDir;

use super::ResolveError;
use crate::steps::discover::Policies;
use crate::steps::resolve::policies_lock::Locked;
use crate::steps::workspace::Workspace;
use policy_host::progress::Progress;

/// Completes the lock like [`super::complete_lock`], with the last result kept in the folder
/// `kept`.
pub(crate) fn complete_lock(
    workspace: &Workspace,
    policies: &Policies,
    locked: Locked,
    kept: &Path,
    progress: &Progress,
) -> Result<(), ResolveError> {
    let (question, answer) = (kept.join("question"), kept.join("Cargo.lock"));
    let lock = workspace.root.join("Cargo.lock");
    let asked = asked(&workspace.root)?;
    if fs_err::read_to_string(&question).is_ok_and(|before| before == asked) {
        fs_err::copy(answer, lock)?;
        return Ok(());
    }
    super::complete_lock(workspace, policies, locked, progress)?;
    fs_err::create_dir_all(kept)?;
    fs_err::copy(lock, answer)?;
    fs_err::write(question, asked)?;
    Ok(())
}

/// All that the lock depends on: the manifests, and the lock as it was merged. A process takes no
/// other's word for it, which may have had other registries.
fn asked(root: &Path) -> io::Result<String> {
    let mut asked = process::id().to_string();
    for entry in WalkDir::new(root).max_depth(3).sort_by_file_name() {
        let entry = entry?;
        if matches!(entry.file_name().to_str(), Some("Cargo.toml" | "Cargo.lock")) {
            let text = fs_err::read_to_string(entry.path())?;
            let _ = write!(asked, "\n# {}\n{text}", entry.path().display());
        }
    }
    Ok(asked)
}
