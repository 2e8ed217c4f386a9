use serde::{Serialize, Serializer};

/// Whether the request is allowed, and why.
#[derive(Debug, Serialize)]
pub struct Decision<'a> {
    allowed: bool,
    reason: Reason<'a>,
}

impl<'a> From<Reason<'a>> for Decision<'a> {
    fn from(reason: Reason<'a>) -> Self {
        Self { allowed: matches!(reason, Reason::Allowed(_)), reason }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason<'a> {
    /// In these words, which name the role.
    Allowed(&'a str),
    NothingConfigured,
    NoRole,
    UnknownRoles,
    NotGranted,
    Ambiguous(Flaw),
}

/// What makes it unclear which path a server would serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    NotAbsolute,
    EmptySegment,
    DotSegment,
    Backslash,
    Control,
    HiddenSeparator,
    BrokenEscape,
    NotUtf8,
    Fragment,
}

impl<'a> Reason<'a> {
    fn as_str(self) -> &'a str {
        match self {
            Self::Allowed(words) => words,
            Self::NothingConfigured => "the settings define no `roles`, so every request is denied",
            Self::NoRole => "the request carries no role",
            Self::UnknownRoles => "the settings define none of the request's roles",
            Self::NotGranted => "none of the request's roles allows this method on this path",
            Self::Ambiguous(flaw) => match flaw {
                Flaw::NotAbsolute => "the path does not start with `/`",
                Flaw::EmptySegment => "the path has an empty segment, as in `//` or `/;x/`",
                Flaw::DotSegment => "the path has a `.` or `..` segment",
                Flaw::Backslash => "the path has a backslash",
                Flaw::Control => "the path has a control character",
                Flaw::HiddenSeparator => {
                    "the path has an escaped `.`, `/`, `\\`, `%` or control character"
                }
                Flaw::BrokenEscape => "the path has a `%` without two hexadecimal digits",
                Flaw::NotUtf8 => "the path has escaped bytes that are not UTF-8",
                Flaw::Fragment => "the path has a `#`, which no request target may have",
            },
        }
    }
}

impl Serialize for Reason<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
