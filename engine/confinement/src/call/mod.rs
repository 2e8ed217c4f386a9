//! System calls by number and name.

mod names;

use std::fmt;

use serde::{Serialize, Serializer};

pub(crate) use names::Number;

/// A system call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Call(Number);

impl Call {
    pub(crate) const fn new(number: Number) -> Self {
        Self(number)
    }

    pub(crate) const fn number(self) -> Number {
        self.0
    }

    /// The name that the manual has for it; `unknown` for one that is newer than this program.
    #[must_use]
    pub fn name(self) -> &'static str {
        names::name(self.0).unwrap_or("unknown")
    }
}

impl fmt::Display for Call {
    /// The name, or `system call 999`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match names::name(self.0) {
            Some(name) => f.write_str(name),
            None => write!(f, "system call {}", self.0),
        }
    }
}

impl Serialize for Call {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_have_the_manuals_names() {
        assert_eq!(Call::new(libc::SYS_openat).to_string(), "openat");
        assert_eq!(Call::new(libc::SYS_io_uring_setup).name(), "io_uring_setup");
        assert_eq!(Call::new(999).to_string(), "system call 999");
        assert_eq!(Call::new(999).name(), "unknown");
    }

    #[test]
    fn no_call_is_named_twice() {
        let mut calls: Vec<_> = names::numbers().collect();
        let all = calls.len();
        calls.sort_unstable();
        calls.dedup();
        assert_eq!(calls.len(), all);
    }
}
