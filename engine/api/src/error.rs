use std::fmt;

use crate::wording::bounded;

/// Bytes of a message.
const MAX_MESSAGE: usize = 4 << 10;

/// The reason why a policy could not be configured or could not answer: one sentence, for people.
///
/// Any error converts into it by `?`, with its causes. Like `anyhow::Error` it is therefore not
/// itself a [`std::error::Error`].
#[derive(Debug)]
pub struct Error {
    message: Box<str>,
    cause: Cause,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    Policy,
    Cancelled,
    DeadlinePassed,
    OutOfMemory,
    OverBudget,
}

impl Error {
    /// An error in these words: lowercase, no full stop, backticks round the user's own words.
    ///
    /// It is kept to some kilobytes: it may quote an input, which may be long.
    pub fn msg(message: impl fmt::Display) -> Self {
        Self { message: bounded(message, MAX_MESSAGE).into(), cause: Cause::Policy }
    }

    /// Returns whether the policy stopped because its caller called the work off.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cause == Cause::Cancelled
    }

    /// Returns whether the policy stopped because its deadline had passed.
    #[must_use]
    pub fn is_deadline_passed(&self) -> bool {
        self.cause == Cause::DeadlinePassed
    }

    /// Returns whether the policy stopped because there was no more memory for its request.
    #[must_use]
    pub fn is_out_of_memory(&self) -> bool {
        self.cause == Cause::OutOfMemory
    }

    /// The error of an [`Allowance`](crate::Allowance) that is used up, in these words.
    pub fn out_of_memory(message: impl fmt::Display) -> Self {
        Self { message: message.to_string().into(), cause: Cause::OutOfMemory }
    }

    /// Returns whether the policy stopped because its evaluation was over its budget.
    #[must_use]
    pub fn is_over_budget(&self) -> bool {
        self.cause == Cause::OverBudget
    }

    /// The error of a [`BudgetCheck`](crate::BudgetCheck), in these words.
    pub fn over_budget(message: impl fmt::Display) -> Self {
        Self { message: message.to_string().into(), cause: Cause::OverBudget }
    }

    pub(crate) fn cancelled() -> Self {
        Self { message: "the request was cancelled".into(), cause: Cause::Cancelled }
    }

    pub(crate) fn deadline_passed() -> Self {
        Self { message: "the deadline has passed".into(), cause: Cause::DeadlinePassed }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        Self::msg(policy_text::error_chain(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_message_is_truncated() {
        let error = Error::msg(format_args!("`{}` is bad", "é".repeat(1 << 20)));
        assert_eq!(error.to_string().len(), MAX_MESSAGE - 1 + "…".len());
        assert!(error.to_string().ends_with("éé…"));
    }

    #[test]
    fn converted_error_keeps_its_causes() {
        #[derive(Debug)]
        struct Outer(std::num::ParseIntError);
        impl fmt::Display for Outer {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("read the port")
            }
        }
        impl std::error::Error for Outer {
            fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
                Some(&self.0)
            }
        }
        let error = Error::from(Outer("x".parse::<u16>().unwrap_err()));
        assert_eq!(error.to_string(), "read the port: invalid digit found in string");
    }
}
