use std::sync::atomic::Ordering;

use policy_console::{PoliciesPage, PolicySummary, SkippedPolicy};

use crate::server::console_state::Console;
use crate::server::policy::ServedPolicy;
use crate::server::state::AppState;

/// The policies that are served.
pub(super) fn page(console: &Console, state: &AppState) -> PoliciesPage {
    let served = state.policies.all().into_iter();
    let skipped = state.policies.skipped().iter();
    PoliciesPage {
        policies: served.map(|policy| summary(console, state, policy)).collect(),
        skipped: skipped
            .map(|(id, problem)| SkippedPolicy { id: id.clone(), problem: problem.clone() })
            .collect(),
    }
}

/// One policy, as lists show it.
pub(super) fn summary(console: &Console, state: &AppState, policy: &ServedPolicy) -> PolicySummary {
    let stuck = policy.stuck.load(Ordering::Relaxed);
    let shadow = policy.shadow.as_ref().map(|shadow| {
        let shadow = shadow.policy();
        format!("{}@{}", shadow.entry.name(), shadow.version)
    });
    PolicySummary {
        id: policy.id.clone(),
        href: href(state, policy),
        policy: policy.entry.name().to_owned(),
        version: policy.version.clone(),
        description: policy.entry.registration.description.to_owned(),
        mode: policy.mode.name(),
        rates: console.rates.of_policy(policy),
        stuck: stuck as u64,
        is_suspended: stuck >= policy.max_stuck,
        shadow,
    }
}

/// The path of a policy's page: with the version where several have one id.
fn href(state: &AppState, policy: &ServedPolicy) -> String {
    let of_id = state.policies.all().into_iter().filter(|other| other.id == policy.id);
    let version = if of_id.count() > 1 { format!("/{}", policy.version) } else { String::new() };
    format!("/policies/{}{version}", policy.id)
}
