use std::borrow::Cow;

use serde::Serialize;

/// A ready-made answer: yes, or no with a reason. It is an output as any other, of a function or of
/// [`Policy::Output`](crate::Policy::Output).
///
/// As JSON it is `{"allowed":true}` or `{"allowed":false,"reason":"…"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Cow<'static, str>>,
}

impl Decision {
    /// Creates the answer "yes".
    #[must_use]
    pub const fn allow() -> Self {
        Self { allowed: true, reason: None }
    }

    /// Creates the answer "no", with its reason for the one who asked.
    ///
    /// ```
    /// # use policy_api::Decision;
    /// # let image = "nginx";
    /// Decision::deny("privileged containers are not allowed");
    /// Decision::deny(format!("image `{image}` has no tag"));
    /// ```
    #[must_use]
    pub fn deny(reason: impl Into<Cow<'static, str>>) -> Self {
        Self { allowed: false, reason: Some(reason.into()) }
    }

    /// Returns whether the answer is "yes".
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        self.allowed
    }

    /// The reason, where there is one.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn denial_has_a_reason_and_permission_has_none() {
        let json = |decision: &Decision| serde_json::to_string(decision).unwrap();
        let denied = Decision::deny(format!("it is {} o'clock", 19));
        assert_eq!(json(&Decision::allow()), r#"{"allowed":true}"#);
        assert_eq!(json(&denied), r#"{"allowed":false,"reason":"it is 19 o'clock"}"#);
        assert_eq!((denied.is_allowed(), denied.reason()), (false, Some("it is 19 o'clock")));
        assert_eq!((Decision::allow().is_allowed(), Decision::allow().reason()), (true, None));
        assert_eq!(denied, Decision::deny("it is 19 o'clock"));
    }
}
