//! What Git knows of a folder.

use std::path::Path;
use std::process::Command;

use policy_host::signals;

/// The Git revision of a folder, with `-dirty` behind it when the folder holds anything that is
/// not committed; `None` where there is no Git or no repository.
pub(crate) fn revision(folder: &Path) -> Option<String> {
    let revision = git(folder, &["rev-parse", "--verify", "HEAD"])?;
    let changes = git(folder, &["status", "--porcelain", "--", "."])?;
    Some(if changes.is_empty() { revision } else { format!("{revision}-dirty") })
}

/// Checks whether a file in a folder is committed, or is to be.
pub(crate) fn is_tracked(folder: &Path, file: &Path) -> bool {
    let Ok(file) = std::path::absolute(file) else { return false };
    git(folder, &["ls-files", "--error-unmatch", "--", &file.to_string_lossy()]).is_some()
}

fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new("git");
    command
        .arg("-C")
        .arg(folder)
        .args(arguments)
        // Set in Git's own hooks, and then for another repository.
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE");
    let output = signals::output(&mut command).ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
