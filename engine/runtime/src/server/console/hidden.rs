use policy_console::Violation;

use crate::policies::Hidden;

/// Takes secrets out of a violation.
pub(super) fn mask_violation(hidden: &Hidden, violation: &mut Violation) {
    violation.message = hidden.masked(std::mem::take(&mut violation.message));
    violation.field = violation.field.take().map(|field| hidden.masked(field));
    violation.check = violation.check.take().map(|check| hidden.masked(check));
}
