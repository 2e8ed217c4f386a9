use std::path::Path;
use std::process::Command;

use super::skipped;

/// A folder with a small file system of its own, which is taken away again at the end.
pub(crate) struct Mounted<'a>(&'a Path);

impl<'a> Mounted<'a> {
    /// Mounts one over a folder; where that is not permitted, says that the test is skipped.
    pub(crate) fn over(folder: &'a Path, options: &str, what: &str) -> Option<Self> {
        let output = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(folder)
            .output();
        match output {
            Ok(output) if output.status.success() => return Some(Self(folder)),
            Ok(output) => skipped(what, String::from_utf8_lossy(&output.stderr).trim()),
            Err(error) => skipped(what, &format!("cannot start `mount`: {error}")),
        }
        None
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(self.0).status().unwrap();
        assert!(unmounted.success(), "`{}` stays mounted", self.0.display());
    }
}
