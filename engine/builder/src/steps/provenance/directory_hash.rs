use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};
use walkdir::WalkDir;

/// The digest of the files in a folder, as in-toto's `dirHash` has it: Go's `Hash1` in hexadecimal.
///
/// It is what this prints in the folder: `find . -type f | cut -c3- | LC_ALL=C sort | xargs -r
/// sha256sum | sha256sum`.
pub(crate) fn directory_hash(folder: &Path) -> io::Result<String> {
    let mut files = Vec::new();
    for entry in WalkDir::new(folder) {
        let entry = entry?;
        if entry.file_type().is_file() {
            let inside = entry.path().strip_prefix(folder).unwrap_or(entry.path());
            files.push((inside.as_os_str().as_encoded_bytes().to_vec(), entry.into_path()));
        }
    }
    files.sort();
    let mut all = Sha256::new();
    for (inside, path) in files {
        let of_file = hex::encode(Sha256::digest(fs_err::read(path)?));
        all.update(of_file);
        all.update("  ");
        all.update(inside);
        all.update("\n");
    }
    Ok(hex::encode(all.finalize()))
}

/// The SHA-256 of some bytes, in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use super::*;

    #[test]
    fn directory_hash_equals_that_of_the_specified_command() {
        let folder = tempfile::tempdir().unwrap();
        for (file, text) in [("b", "2"), ("a/z", "1"), ("a.c", "3"), ("a/b/c", "")] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let script = "find . -type f | cut -c3- | LC_ALL=C sort | xargs -r sha256sum | sha256sum \
                      | cut -f1 -d' '";
        let printed =
            Command::new("sh").args(["-c", script]).current_dir(folder.path()).output().unwrap();
        let printed = String::from_utf8(printed.stdout).unwrap();
        assert_eq!(directory_hash(folder.path()).unwrap(), printed.trim());
    }
}
