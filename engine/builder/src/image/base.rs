use std::borrow::Cow;
use std::fs;
use std::path::Path;

use super::ca_certificates;
use crate::artifacts;
use policy_host::atomic::{self, WriteError};

pub(super) const CA_CERTIFICATES: &str = "etc/ssl/certs/ca-certificates.crt";

const PASSWD: &[u8] = b"root:x:0:0:root:/:/sbin/nologin\n\
    policy-engine:x:1000:1000:policy-engine:/:/sbin/nologin\n";
const GROUP: &[u8] = b"root:x:0:\npolicy-engine:x:1000:\n";

/// The folders of what every image has beside its program.
pub(super) const FOLDERS: [&str; 3] = ["etc/", "etc/ssl/", "etc/ssl/certs/"];

/// The files in them.
pub(super) fn files() -> [(&'static str, Cow<'static, [u8]>); 3] {
    [
        ("etc/group", GROUP.into()),
        ("etc/passwd", PASSWD.into()),
        (CA_CERTIFICATES, ca_certificates::pem().into_bytes().into()),
    ]
}

/// Writes them as a folder: a new one, or an empty one.
pub(crate) fn write_base(dir: &Path) -> Result<(), WriteError> {
    atomic::replace_folder(dir, artifacts::BASE_LAYER, |new| {
        FOLDERS.iter().try_for_each(|folder| fs::create_dir(new.join(folder)))?;
        files().iter().try_for_each(|(path, bytes)| fs::write(new.join(path), bytes))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_holds_the_files_and_takes_the_place_of_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("base");
        fs::create_dir(&path).unwrap();
        write_base(&path).unwrap();
        for (file, bytes) in files() {
            assert_eq!(fs::read(path.join(file)).unwrap(), *bytes);
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
