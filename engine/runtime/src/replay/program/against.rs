use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::replay::ReplayError;

/// Another program to ask.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Against {
    Binary(PathBuf),
    /// An image in a file, as `docker load` takes it.
    Archive(PathBuf),
    /// An image by its reference.
    Image(String),
}

impl Against {
    /// Tells what is meant: a file that is there, or else an image's reference.
    ///
    /// # Errors
    /// A file that cannot be read, a folder, or nothing that could be a reference.
    pub(crate) fn parse(text: &str) -> Result<Self, ReplayError> {
        let path = Path::new(text);
        let error = |problem: String| ReplayError::Against { program: text.to_owned(), problem };
        match File::open(path) {
            Ok(file) => {
                let is_folder = file.metadata().is_ok_and(|metadata| metadata.is_dir());
                if is_folder {
                    return Err(error(
                        "it is a folder: expected a program, an image's archive or its reference"
                            .to_owned(),
                    ));
                }
                let mut head = Vec::new();
                file.take(4).read_to_end(&mut head).map_err(|io| error(io.to_string()))?;
                let is_program = head.starts_with(b"\x7fELF") || head.starts_with(b"#!");
                let path = path.to_owned();
                Ok(if is_program { Self::Binary(path) } else { Self::Archive(path) })
            }
            Err(_) if is_reference(text) => Ok(Self::Image(text.to_owned())),
            Err(io) => Err(error(io.to_string())),
        }
    }
}

/// Tells whether this may be an image's reference: no path is one.
fn is_reference(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-/:@".contains(letter))
        && !has_archive_name(text)
}

fn has_archive_name(text: &str) -> bool {
    Path::new(text).extension().is_some_and(|extension| extension == "tar")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_a_program_or_an_archive_and_else_it_is_an_image() {
        let folder = tempfile::tempdir().unwrap();
        let parsed = |text: &str| Against::parse(text).map_err(|error| error.to_string());
        let file = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let program = file("policy-engine", b"\x7fELF...");
        assert_eq!(parsed(program.to_str().unwrap()), Ok(Against::Binary(program)));
        let archive = file("policy-engine.tar", b"blobs/");
        assert_eq!(parsed(archive.to_str().unwrap()), Ok(Against::Archive(archive)));
        for image in ["policy-engine:v2", "registry.example.com:5000/a/b@sha256:00"] {
            assert_eq!(parsed(image), Ok(Against::Image(image.to_owned())));
        }
        for (text, problem) in [
            ("./no-such", "failed to ask `./no-such`: No such file or directory (os error 2)"),
            ("no-such.tar", "failed to ask `no-such.tar`: No such file or directory (os error 2)"),
            ("-x", "failed to ask `-x`: No such file or directory (os error 2)"),
            (
                "/",
                "failed to ask `/`: it is a folder: expected a program, an image's archive or its \
                 reference",
            ),
        ] {
            assert_eq!(parsed(text), Err(problem.to_owned()));
        }
    }
}
