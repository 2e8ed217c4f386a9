use policy_console::Violation;

use crate::policies::Hidden;
use crate::server::state::AppState;

/// The secrets in the settings of all policies that are served: what one decides may quote them.
pub(super) fn of_served(state: &AppState) -> Hidden {
    state.secrets.clone()
}

/// Takes secrets out of a violation.
pub(super) fn mask_violation(hidden: &Hidden, violation: &mut Violation) {
    violation.message = hidden.masked(std::mem::take(&mut violation.message));
    violation.field = violation.field.take().map(|field| hidden.masked(field));
    violation.check = violation.check.take().map(|check| hidden.masked(check));
}
