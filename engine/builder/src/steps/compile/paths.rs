use std::path::Path;

use super::CompileError;

/// Checks that a program holds none of these folders' paths.
///
/// Cargo's own folder is not among them: a standard library that someone compiled by himself may
/// name it, and is then the same for whatever is linked with it.
pub(super) fn check_absent(program: &[u8], folders: &[&Path]) -> Result<(), CompileError> {
    for folder in folders {
        // A path as short as `/` says nothing of a machine.
        let is_telling = folder.components().count() > 2;
        let path = folder.as_os_str().as_encoded_bytes();
        if is_telling && memchr::memmem::find(program, path).is_some() {
            return Err(CompileError::PathInside(folder.to_path_buf()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_path_in_the_program_is_refused() {
        let folder = Path::new("/home/me/work");
        let result = |program: &[u8]| check_absent(program, &[folder, Path::new("/")]);
        assert!(result(b"\x7fELF/home/me/wor").is_ok());
        assert_eq!(
            result(b"\x7fELF/home/me/work/policies/a").unwrap_err().to_string(),
            "the program holds the path `/home/me/work` of this machine, so the same sources would \
             give other bytes elsewhere: a policy or a crate it depends on uses \
             `env!(\"CARGO_MANIFEST_DIR\")` or `env!(\"OUT_DIR\")` as text\nhelp: have it use \
             `include_str!` or `include_bytes!` instead"
        );
    }
}
