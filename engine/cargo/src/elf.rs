use std::ops::Range;
use std::path::{Path, PathBuf};

use super::Target;
use object::elf::{DT_NEEDED, EM_AARCH64, EM_X86_64, FileHeader32, FileHeader64, PT_INTERP};
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::{Endianness, FileKind};

/// Checks that a program is complete in itself: it asks for no loader and no shared library.
///
/// # Errors
/// When it is no ELF program, or needs other files.
pub fn check_static(path: &Path, bytes: &[u8]) -> Result<(), ElfError> {
    let not_elf = |reason: String| ElfError::NotElf { path: path.to_owned(), reason };
    let needs = match FileKind::parse(bytes) {
        Ok(FileKind::Elf64) => needs::<FileHeader64<Endianness>>(bytes),
        Ok(FileKind::Elf32) => needs::<FileHeader32<Endianness>>(bytes),
        Ok(other) => return Err(not_elf(format!("it is {other:?}"))),
        Err(error) => return Err(not_elf(error.to_string())),
    };
    match needs.map_err(|error| not_elf(error.to_string()))?.as_slice() {
        [] => Ok(()),
        needs => Err(ElfError::NotStatic { path: path.to_owned(), needs: needs.join(", ") }),
    }
}

/// The bytes of an ELF header that name its processor.
const MACHINE: Range<usize> = 18..20;

/// Checks that a program is for the processor of a target, where that is one of those which images
/// are commonly made for.
///
/// # Errors
/// When it is for another processor.
pub fn check_processor(path: &Path, bytes: &[u8], target: &Target) -> Result<(), ElfError> {
    let machine = match target.triple.split('-').next() {
        Some("x86_64") => EM_X86_64,
        Some("aarch64") => EM_AARCH64,
        _ => return Ok(()),
    };
    if bytes.get(MACHINE) == Some(machine.0.to_le_bytes().as_slice()) {
        return Ok(());
    }
    Err(ElfError::OtherProcessor { path: path.to_owned(), target: target.triple.clone() })
}

/// The files that the system would have to load beside the program.
fn needs<H: FileHeader<Endian = Endianness>>(bytes: &[u8]) -> object::Result<Vec<String>> {
    let header = H::parse(bytes)?;
    let endian = header.endian()?;
    let mut needs = Vec::new();
    for segment in header.program_headers(endian, bytes)? {
        if segment.p_type(endian) == PT_INTERP {
            needs.push("a dynamic loader".to_owned());
        }
        let libraries = segment.dynamic(endian, bytes)?.unwrap_or_default();
        let count = libraries.iter().filter(|entry| entry.d_tag(endian) == DT_NEEDED).count();
        if count > 0 {
            needs.push(format!("{count} shared libraries"));
        }
    }
    Ok(needs)
}

/// An error about the form of a compiled program.
#[derive(Debug, thiserror::Error)]
pub enum ElfError {
    /// A program needs a loader or shared libraries.
    #[error(
        "`{}` is not one static file: it asks for {needs}\nhelp: compile for a musl target, or \
         link what it asks for statically", path.display()
    )]
    NotStatic {
        /// The program.
        path: PathBuf,
        /// The needed files, in words.
        needs: String,
    },
    /// A file is no ELF program.
    #[error("`{}` is not an ELF program: {reason}", path.display())]
    NotElf {
        /// The file.
        path: PathBuf,
        /// The parser's error.
        reason: String,
    },
    /// A program is for another processor than its target.
    #[error(
        "`{}` is for another processor than `{target}`, which its workspace was laid out \
         for\nhelp: compile it for that target, or lay the workspace out with the other `--target`",
        path.display()
    )]
    OtherProcessor {
        /// The program.
        path: PathBuf,
        /// The expected target triple.
        target: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(bytes: &[u8]) -> String {
        check_static(Path::new("program"), bytes).unwrap_err().to_string()
    }

    #[test]
    fn dynamically_linked_program_is_refused() {
        // The tests themselves are linked dynamically on the machines that run them.
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let message = message(&own);
        assert!(
            message.starts_with("`program` is not one static file: it asks for a dynamic loader, "),
            "{message}"
        );
    }

    #[test]
    fn file_that_is_no_elf_program_is_refused() {
        assert!(message(b"#!/bin/sh").starts_with("`program` is not an ELF program: "));
        assert!(message(b"").starts_with("`program` is not an ELF program: "));
    }
}
