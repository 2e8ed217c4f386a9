use serde::Serialize;

/// A reason of a denial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The check that found it.
    pub check: Option<String>,
    /// Such as `spec.containers[0].image`.
    pub field: Option<String>,
    /// What is wrong.
    pub message: String,
    /// The line of the input that it comes from, from 1.
    pub line: Option<usize>,
}

/// Text with the violations beside its lines.
#[derive(Debug, Clone, Default, Serialize)]
pub struct MarkedText {
    /// Its lines, from the first.
    pub lines: Vec<Line>,
    /// Lines that are left out at the end.
    pub omitted_lines: usize,
}

/// One line.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// The text, without its end of line.
    pub text: String,
    /// Places in the list of violations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub violations: Vec<usize>,
}
