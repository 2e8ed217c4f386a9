use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

use crate::Decision;

/// One thing that a policy looks for, by the name that decisions, reports and metrics give it.
///
/// A policy declares its checks once, beside its code: as [`Policy::CHECKS`](crate::Policy::CHECKS),
/// or as `checks` in [`register!`](crate::register). What denies names its check:
///
/// ```
/// use policy_api::{Check, Decision, Severity};
/// # use serde::Deserialize;
/// # #[derive(Deserialize)]
/// # struct Request { hour: u8 }
///
/// const OFFICE_HOURS: Check = Check::new("office-hours", "Deployments are made from nine to five")
///     .severity(Severity::Low)
///     .link("https://wiki.example.org/deployments");
///
/// fn working_hours(request: Request) -> Decision {
///     match request.hour {
///         9..17 => Decision::allow(),
///         hour => OFFICE_HOURS.deny(format!("it is {hour} o'clock")).at("hour"),
///     }
/// }
///
/// policy_api::register!(fn working_hours { checks: &[OFFICE_HOURS] });
/// # fn main() {
/// let denied = working_hours(Request { hour: 19 });
/// assert_eq!((denied.check(), denied.field()), (Some("office-hours"), Some("hour")));
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Check {
    /// The name: letters, digits, `-`, `_` and `.`, at most 64 of them, unique in its policy.
    pub id: &'static str,
    /// One sentence: what it demands.
    pub summary: &'static str,
    /// The weight of what it finds.
    pub severity: Severity,
    /// A page that says more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<&'static str>,
}

/// The weight of what a check finds, for those who sort by it. Every severity denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Low,
    /// To be mended in time.
    Medium,
    /// To be mended now. What a check has that says nothing else.
    #[default]
    High,
    /// An open door.
    Critical,
}

impl Check {
    /// Creates a check of severity [`High`](Severity::High).
    #[must_use]
    pub const fn new(id: &'static str, summary: &'static str) -> Self {
        Self { id, summary, severity: Severity::High, link: None }
    }

    /// Sets another severity.
    #[must_use]
    pub const fn severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    /// Sets the page that says more.
    #[must_use]
    pub const fn link(self, link: &'static str) -> Self {
        Self { link: Some(link), ..self }
    }

    /// Creates the answer "no" of this check, with its reason for the one who asked.
    #[must_use]
    pub fn deny(&self, reason: impl Into<Cow<'static, str>>) -> Decision {
        Decision::denied_by(self.id, reason.into())
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        })
    }
}
