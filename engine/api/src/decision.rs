use std::borrow::Cow;

use serde::Serialize;

use crate::violation::Violation;

/// A ready-made answer: yes, or no with a reason. It is an output as any other, of a function or of
/// [`Policy::Output`](crate::Policy::Output).
///
/// As JSON it is `{"allowed":true}` or `{"allowed":false,"reason":"…"}`, with `check` and `field`
/// where the policy names them: see [`Check::deny`](crate::Check::deny). Of
/// [`Violations`](crate::Violations) it has a list, `violations`, with `check`, `field` and
/// `message` of each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    violations: Option<Vec<Violation>>,
}

impl Decision {
    /// Creates the answer "yes".
    #[must_use]
    pub const fn allow() -> Self {
        Self { allowed: true, check: None, field: None, reason: None, violations: None }
    }

    /// Creates the answer "no", with its reason for the one who asked. A policy that declares its
    /// checks denies by one of them, with [`Check::deny`](crate::Check::deny).
    ///
    /// ```
    /// # use policy_api::Decision;
    /// # let image = "nginx";
    /// Decision::deny("privileged containers are not allowed");
    /// Decision::deny(format!("image `{image}` has no tag"));
    /// ```
    #[must_use]
    pub fn deny(reason: impl Into<Cow<'static, str>>) -> Self {
        Self { allowed: false, reason: Some(reason.into()), ..Self::allow() }
    }

    pub(crate) fn denied_by(check: &'static str, reason: Cow<'static, str>) -> Self {
        Self { check: Some(check), ..Self::deny(reason) }
    }

    pub(crate) fn judged(violations: Vec<Violation>) -> Self {
        let allowed = violations.is_empty();
        Self { allowed, violations: Some(violations), ..Self::allow() }
    }

    /// Sets the place in the input that it is about: the path of a field, such as
    /// `spec.containers[0].image`.
    #[must_use]
    pub fn at(self, field: impl Into<Cow<'static, str>>) -> Self {
        Self { field: Some(field.into()), ..self }
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

    /// The id of the check that denies, where it is one check that does.
    #[must_use]
    pub const fn check(&self) -> Option<&str> {
        self.check
    }

    /// The path of the field that it is about, where the policy names one.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Check;

    fn json(decision: &Decision) -> String {
        serde_json::to_string(decision).unwrap()
    }

    #[test]
    fn denial_has_a_reason_and_permission_has_none() {
        let denied = Decision::deny(format!("it is {} o'clock", 19));
        assert_eq!(json(&Decision::allow()), r#"{"allowed":true}"#);
        assert_eq!(json(&denied), r#"{"allowed":false,"reason":"it is 19 o'clock"}"#);
        assert_eq!((denied.is_allowed(), denied.reason()), (false, Some("it is 19 o'clock")));
        assert_eq!((Decision::allow().is_allowed(), Decision::allow().reason()), (true, None));
        assert_eq!(denied, Decision::deny("it is 19 o'clock"));
    }

    #[test]
    fn denial_names_its_check_and_field() {
        const HOURS: Check = Check::new("hours", "From nine to five");
        let denied = HOURS.deny("too late").at("hour");
        assert_eq!(
            json(&denied),
            r#"{"allowed":false,"check":"hours","field":"hour","reason":"too late"}"#
        );
        assert_eq!((denied.check(), denied.field()), (Some("hours"), Some("hour")));
        assert_eq!((Decision::deny("x").check(), Decision::deny("x").field()), (None, None));
    }
}
