use std::process::ExitCode;

use policy_api::Verdict;

/// Everything was allowed, or nothing was a verdict.
const ALLOWED: u8 = 0;
/// Some input or policy failed, so something is not decided.
const FAILED: u8 = 1;
/// Something was denied.
const DENIED: u8 = 2;
/// Invalid command line (`EX_USAGE` of `sysexits.h`).
const USAGE: u8 = 64;
/// Invalid configuration (`EX_CONFIG` of `sysexits.h`).
const CONFIG: u8 = 78;

/// The outcome of a command; the worse of two outcomes is the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Everything was allowed, or nothing was a verdict.
    Allowed,
    /// Something was denied.
    Denied,
    /// Something could not be decided or done, which is worse than a denial: nobody knows.
    Failed,
    /// The command line is invalid.
    Usage,
    /// The configuration is invalid.
    Config,
}

impl Outcome {
    /// The process's exit status: 0 allowed, 2 denied, 1 failed, 64 usage, 78 configuration.
    #[must_use]
    pub fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Allowed => ALLOWED,
            Self::Denied => DENIED,
            Self::Failed => FAILED,
            Self::Usage => USAGE,
            Self::Config => CONFIG,
        })
    }
}

impl From<Option<Verdict>> for Outcome {
    fn from(verdict: Option<Verdict>) -> Self {
        match verdict {
            Some(Verdict::Denied) => Self::Denied,
            Some(Verdict::Allowed) | None => Self::Allowed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_outranks_a_denial() {
        assert_eq!(Outcome::Denied.max(Outcome::Failed), Outcome::Failed);
        assert_eq!(Outcome::Allowed.max(Outcome::Denied), Outcome::Denied);
    }

    #[test]
    fn missing_verdict_counts_as_allowed() {
        assert_eq!(Outcome::from(None), Outcome::Allowed);
    }
}
