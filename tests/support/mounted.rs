use std::path::Path;
use std::process::Command;

/// A folder with a small file system of its own, which is unmounted on drop.
pub(crate) struct Mounted<'a>(&'a Path);

impl<'a> Mounted<'a> {
    /// Mounts a file system over a folder.
    pub(crate) fn over(folder: &'a Path, options: &str) -> Self {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(folder)
            .status()
            .unwrap();
        assert!(mounted.success(), "failed to mount a tmpfs over `{}`", folder.display());
        Self(folder)
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(self.0).status().unwrap();
        assert!(unmounted.success(), "`{}` stays mounted", self.0.display());
    }
}
