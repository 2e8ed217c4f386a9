use std::path::{Path, PathBuf};
use std::process::Command;

use object::elf::{ET_DYN, ET_EXEC, FileHeader32, FileHeader64};
use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endianness, FileKind};

use super::BuilderImageError;
use policy_host::signals;

/// The role of a file for the dynamic loader.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Loaded {
    /// A program that names its loader.
    Program { loader: PathBuf },
    /// A shared library, or a program that needs no loader.
    Library,
    /// Neither.
    Other,
}

/// Looks into a file.
pub(super) fn kind_of(path: &Path) -> std::io::Result<Loaded> {
    let bytes = fs_err::read(path)?;
    let kind = match FileKind::parse(bytes.as_slice()) {
        Ok(FileKind::Elf64) => kind_in::<FileHeader64<Endianness>>(&bytes),
        Ok(FileKind::Elf32) => kind_in::<FileHeader32<Endianness>>(&bytes),
        _ => return Ok(Loaded::Other),
    };
    Ok(kind.unwrap_or(Loaded::Other))
}

fn kind_in<H: FileHeader<Endian = Endianness>>(bytes: &[u8]) -> object::Result<Loaded> {
    let header = H::parse(bytes)?;
    let endian = header.endian()?;
    if ![ET_DYN, ET_EXEC].contains(&header.e_type(endian)) {
        return Ok(Loaded::Other);
    }
    for segment in header.program_headers(endian, bytes)? {
        if let Some(loader) = segment.interpreter(endian, bytes)? {
            return Ok(Loaded::Program { loader: String::from_utf8_lossy(loader).as_ref().into() });
        }
    }
    Ok(Loaded::Library)
}

/// The shared libraries that the loader finds for a program or a library, the loader among them.
pub(super) fn libraries_of(
    program: &Path,
    loader: &Path,
) -> Result<Vec<PathBuf>, BuilderImageError> {
    let output = signals::output(Command::new(loader).arg("--list").arg(program))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let words = String::from_utf8_lossy(&output.stderr);
    let failed = |words: &str| BuilderImageError::Loader {
        loader: loader.to_owned(),
        program: program.to_owned(),
        words: words.trim().to_owned(),
    };
    if let Some(missing) = said.lines().find(|line| line.ends_with("not found")) {
        return Err(failed(missing));
    }
    if !output.status.success() {
        // As of a program that is linked statically.
        return if words.contains("statically") || said.contains("statically") {
            Ok(Vec::new())
        } else {
            Err(failed(&words))
        };
    }
    Ok(said.lines().filter_map(library_in).collect())
}

/// `/lib/libc.so.6` of `libc.so.6 => /lib/libc.so.6 (0x00007f…)`; nothing of what the kernel has.
fn library_in(line: &str) -> Option<PathBuf> {
    let (path, _address) = line.trim().rsplit_once(" (0x")?;
    let path = path.rsplit_once(" => ").map_or(path, |(_, path)| path);
    path.starts_with('/').then(|| PathBuf::from(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loader_output_lists_libraries() {
        let of = |line: &str| library_in(line).map(|path| path.display().to_string());
        assert_eq!(of("\tlinux-vdso.so.1 (0x00007ffd)"), None);
        assert_eq!(of("\tlibc.so.6 => /lib/libc.so.6 (0x00007f)").unwrap(), "/lib/libc.so.6");
        assert_eq!(of("\t/lib64/ld.so (0x00007f)").unwrap(), "/lib64/ld.so");
        assert_eq!(of("\tstatically linked"), None);
    }

    #[test]
    fn test_program_has_a_loader_and_libraries() {
        let own = std::env::current_exe().unwrap();
        let Loaded::Program { loader } = kind_of(&own).unwrap() else { panic!() };
        assert!(
            libraries_of(&own, &loader)
                .unwrap()
                .iter()
                .any(|library| library.ends_with("libc.so.6"))
        );
        assert_eq!(kind_of(Path::new("Cargo.toml")).unwrap(), Loaded::Other);
    }
}
