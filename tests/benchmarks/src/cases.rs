use std::path::Path;
use std::{fs, io};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Questions, and how they are to be answered: a file in `cases`, or one that the driver wrote.
#[derive(Debug, Serialize, Deserialize)]
pub struct Cases {
    /// The policy's settings, as it takes them.
    pub settings: Box<RawValue>,
    /// Asked in this order, over and over.
    pub cases: Vec<Case>,
}

/// A question.
#[derive(Debug, Serialize, Deserialize)]
pub struct Case {
    /// True if every engine must allow the input.
    pub allowed: bool,
    /// The input, byte for byte.
    pub input: Box<RawValue>,
}

impl Cases {
    /// Reads a file of cases.
    ///
    /// # Errors
    /// A file that cannot be read, or of another shape.
    pub fn read(file: &Path) -> io::Result<Self> {
        let told = |error: io::Error| {
            io::Error::new(error.kind(), format!("`{}`: {error}", file.display()))
        };
        let text = fs::read(file).map_err(told)?;
        serde_json::from_slice(&text).map_err(|error| told(error.into()))
    }
}
