use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// A file, or standard input, read whole.
#[derive(Debug, Clone)]
pub struct Source {
    name: String,
    bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Yaml,
}

impl Source {
    /// A source of bytes that were read elsewhere, as if from a file of this name.
    #[must_use]
    pub fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), bytes: bytes.into() }
    }

    /// Reads a file, or standard input for `-`, of at most `limit` bytes.
    ///
    /// # Errors
    /// Fails where the file cannot be read, or is larger than the limit.
    pub fn read(path: &Path, limit: Option<u64>) -> Result<Self, SourceError> {
        let name = path.display().to_string();
        let bytes = if path == Path::new("-") {
            read_up_to(io::stdin().lock(), limit)
        } else {
            File::open(path).and_then(|file| {
                if file.metadata()?.is_dir() {
                    return Err(io::ErrorKind::IsADirectory.into());
                }
                read_up_to(file, limit)
            })
        };
        match bytes {
            Ok(Some(bytes)) => Ok(Self { name, bytes }),
            Ok(None) => Err(SourceError::TooLarge { name, limit: limit.unwrap_or_default() }),
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
                Err(SourceError::Directory { name })
            }
            Err(error) => Err(SourceError::Unreadable { name, error }),
        }
    }

    /// The source's name as the user wrote it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.bytes)
    }

    /// The extension of its name, such as `toml`.
    pub(super) fn extension(&self) -> Option<&str> {
        Path::new(&self.name).extension().and_then(|extension| extension.to_str())
    }

    /// JSON by its name or by how it begins; YAML otherwise.
    pub(super) fn format(&self) -> Format {
        match self.extension() {
            Some("json" | "jsonl" | "ndjson") => Format::Json,
            Some("yaml" | "yml") => Format::Yaml,
            _ => match self.bytes().trim_ascii_start().first() {
                // YAML may begin so too; JSON has no lines that begin as its separators do.
                Some(b'{' | b'[') if !has_separator(self.bytes()) => Format::Json,
                _ => Format::Yaml,
            },
        }
    }
}

fn has_separator(text: &[u8]) -> bool {
    text.windows(4).any(|window| window == b"\n---")
}

/// The bytes, or `None` when there are more than `limit`.
fn read_up_to(from: impl Read, limit: Option<u64>) -> io::Result<Option<Vec<u8>>> {
    let limit = limit.unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    from.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}

/// The reason why a source cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It is a folder.
    #[error("`{name}` is a folder")]
    Directory {
        /// The path as the user wrote it.
        name: String,
    },
    /// The system says why.
    #[error("failed to read `{name}`: {error}")]
    Unreadable {
        /// The path as the user wrote it.
        name: String,
        /// The system's reason.
        error: io::Error,
    },
    /// More than there may be.
    #[error("`{name}` is larger than {limit} bytes, the most that is read of it")]
    TooLarge {
        /// The path as the user wrote it.
        name: String,
        /// The limit, in bytes.
        limit: u64,
    },
}

impl SourceError {
    /// The remedy, where there is one.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let Self::Directory { name } = self else { return None };
        Some(format!("name the files in it, such as `{}/*.yaml`", name.trim_end_matches('/')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_is_known_by_extension_or_content() {
        for (name, text, format) in [
            ("a.json", "a: 1", Format::Json),
            ("a.yml", "{}", Format::Yaml),
            ("-", " \n{\"a\": 1}", Format::Json),
            ("-", "a: 1", Format::Yaml),
            ("-", "\u{feff}[1]", Format::Json),
            ("-", "", Format::Yaml),
            ("-", "{\"a\": 1}\n---\n{\"b\": 2}", Format::Yaml),
        ] {
            assert_eq!(Source::new(name, text).format(), format, "{name} {text}");
        }
    }

    #[test]
    fn file_of_exactly_the_limit_is_read() {
        assert_eq!(read_up_to(&b"abc"[..], Some(3)).unwrap(), Some(b"abc".to_vec()));
        assert_eq!(read_up_to(&b"abcd"[..], Some(3)).unwrap(), None);
    }
}
