use toml_edit::{DocumentMut, TomlError};

/// An error of the TOML parser, as the errors of this crate have it.
pub(crate) struct SyntaxError {
    pub(crate) reason: String,
    /// Line and column, in words.
    pub(crate) place: String,
}

/// Parses TOML.
pub(crate) fn parse(text: &str) -> Result<DocumentMut, SyntaxError> {
    text.parse().map_err(|error: TomlError| {
        let shown = error.to_string();
        let place = shown.lines().next().unwrap_or_default().replace("TOML parse error at ", "");
        SyntaxError { reason: error.message().to_owned(), place }
    })
}
