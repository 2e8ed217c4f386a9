/// The part of a decision that a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Input,
    Result,
}

impl Part {
    pub(crate) fn pointer(self) -> &'static str {
        match self {
            Self::Input => "/input",
            Self::Result => "/result",
        }
    }
}
