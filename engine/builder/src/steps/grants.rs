//! What policy crates may do while the program runs: what `[vet.allow]` allows them, and the crates
//! that they are linked with.

use super::discover::{Policies, Role};
use super::vet::Rules;
use super::workspace::Grant;
use policy_cargo::DependencyTree;

/// Finds the grants of the policy crates, sorted, by what the program is going to be linked with.
pub(crate) fn find(rules: &Rules, policies: &Policies, tree: &DependencyTree) -> Vec<Grant> {
    let mut grants = Vec::new();
    for policy in policies.of_role(Role::Policy) {
        let linked = tree.linked_with(&policy.name);
        let is_linked = |name: &str| linked.iter().any(|package| package.name == name);
        let allowed = rules.at_run_time().filter(|allowed| is_linked(allowed.crate_name));
        grants.extend(allowed.map(|allowed| Grant {
            policy: policy.name.clone(),
            crate_name: allowed.crate_name.to_owned(),
            what: allowed.what,
            item: allowed.item.map(str::to_owned),
            reason: allowed.reason.to_owned(),
        }));
    }
    grants.sort();
    grants.dedup();
    grants
}
