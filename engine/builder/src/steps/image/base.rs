//! The files of every image beside its program.

use std::fs;
use std::path::Path;

use policy_host::atomic::{self, WriteError};
use policy_host::tree::create_folders_in;
use policy_oci::FileSet;

use super::ca_certificates;
use crate::artifacts;

pub(super) const CA_CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

const PASSWD: &str = "root:x:0:0:root:/:/sbin/nologin\n\
    policy-engine:x:1000:1000:policy-engine:/:/sbin/nologin\n";
const GROUP: &str = "root:x:0:\npolicy-engine:x:1000:\n";

fn texts() -> [(&'static str, String); 3] {
    [
        ("/etc/group", GROUP.to_owned()),
        ("/etc/passwd", PASSWD.to_owned()),
        (CA_CERTIFICATES, ca_certificates::pem()),
    ]
}

/// The files: users and CA certificates.
pub(super) fn files() -> FileSet {
    let mut files = FileSet::default();
    for (path, text) in texts() {
        files.text(path, text);
    }
    files
}

/// Writes the files as a folder, a new one or in place of an empty one.
pub(crate) fn write_base(dir: &Path) -> Result<(), WriteError> {
    atomic::replace_folder(dir, artifacts::BASE_LAYER, |new| {
        texts().iter().try_for_each(|(path, text)| {
            let path = Path::new(path.trim_start_matches('/'));
            path.parent().map_or(Ok(()), |folder| create_folders_in(new, folder))?;
            fs::write(new.join(path), text)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_folder_holds_the_files_and_replaces_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("base");
        fs::create_dir(&path).unwrap();
        write_base(&path).unwrap();
        for (file, text) in texts() {
            assert_eq!(fs::read_to_string(path.join(file.trim_start_matches('/'))).unwrap(), text);
        }
        assert_eq!(
            write_base(&path).unwrap_err().to_string(),
            format!(
                "failed to write the base layer to `{}`: the folder is not empty, so it is left \
                 unchanged\nhelp: empty it, or choose another name",
                path.display()
            )
        );
    }
}
