use policy_api::Check;
use serde::{Serialize, Serializer};

use crate::checks::{GRANT, METHOD, PATH, ROLE, ROLES};

/// The decision on a request, with its reason.
#[derive(Debug, Serialize)]
pub struct Decision<'a> {
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<&'static str>,
    /// The field of the request that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    reason: Reason<'a>,
}

impl<'a> From<Reason<'a>> for Decision<'a> {
    fn from(reason: Reason<'a>) -> Self {
        let check = reason.check().map(|check| check.id);
        Self { allowed: check.is_none(), check, field: reason.field(), reason }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason<'a> {
    /// The request is allowed, for this reason, which names the role.
    Allowed(&'a str),
    NothingConfigured,
    NoRole,
    UnknownRoles,
    NotGranted,
    NoMethod,
    Ambiguous(Flaw),
}

/// The problem that makes it unclear which path a server would serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    NotAbsolute,
    EmptySegment,
    DotSegment,
    Blank,
    Backslash,
    Parameter,
    Fragment,
    Control,
    HiddenDelimiter,
    LookAlike,
    BrokenEscape,
    NotUtf8,
}

impl<'a> Reason<'a> {
    /// The check that denies for this reason.
    fn check(self) -> Option<&'static Check> {
        match self {
            Self::Allowed(_) => None,
            Self::NothingConfigured => Some(&ROLES),
            Self::NoRole | Self::UnknownRoles => Some(&ROLE),
            Self::NotGranted => Some(&GRANT),
            Self::NoMethod => Some(&METHOD),
            Self::Ambiguous(_) => Some(&PATH),
        }
    }

    fn field(self) -> Option<&'static str> {
        match self {
            Self::Allowed(_) | Self::NothingConfigured | Self::NotGranted => None,
            Self::NoRole | Self::UnknownRoles => Some("roles"),
            Self::NoMethod => Some("method"),
            Self::Ambiguous(_) => Some("path"),
        }
    }

    fn as_str(self) -> &'a str {
        match self {
            Self::Allowed(words) => words,
            Self::NothingConfigured => "the settings define no `roles`, so every request is denied",
            Self::NoRole => "the request carries no role",
            Self::UnknownRoles => "the settings define none of the request's roles",
            Self::NotGranted => "none of the request's roles allows this method on this path",
            Self::NoMethod => "the method is not one that HTTP knows the form of, such as `GET`",
            Self::Ambiguous(flaw) => flaw.as_str(),
        }
    }
}

impl Flaw {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NotAbsolute => "the path does not start with `/`",
            Self::EmptySegment => "the path has an empty segment, as in `//` or `/%20/`",
            Self::DotSegment => "the path has a `.` or `..` segment, or one of dots alone",
            Self::Blank => {
                "the path has a blank that is not escaped, or a segment that begins or ends with one"
            }
            Self::Backslash => "the path has a backslash",
            Self::Parameter => "the path has a `;`, where some servers cut it",
            Self::Fragment => "the path has a `#`, which no request target may have",
            Self::Control => "the path or its query has a control character",
            Self::HiddenDelimiter => {
                "the path has an escaped `.`, `/`, `\\`, `;`, `?`, `#`, `%` or control character"
            }
            Self::LookAlike => {
                "the path has a character that some servers take for `/`, `\\`, `;`, `?`, `#` or `%`"
            }
            Self::BrokenEscape => "the path has a `%` without two hexadecimal digits",
            Self::NotUtf8 => "the path has escaped bytes that are not UTF-8",
        }
    }
}

impl Serialize for Reason<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
