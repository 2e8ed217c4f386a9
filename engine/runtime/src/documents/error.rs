use std::fmt;

use super::tree::Position;

/// The reason why there is no document where there should be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentError {
    pub(crate) message: String,
    /// Line and column in the file, counted from 1.
    pub(crate) place: Option<Position>,
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some((line, column)) => write!(f, "line {line} column {column}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for DocumentError {}
