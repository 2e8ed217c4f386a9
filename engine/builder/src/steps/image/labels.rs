use std::collections::BTreeMap;

use crate::steps::self_check::Reported;
use crate::steps::workspace::BuildPlan;

/// The prefix of labels that say what is in an image.
pub(crate) const FACTS: &str = "policy-engine.";

/// The policies that the program reported, as JSON.
pub(crate) const POLICIES: &str = "policy-engine.policies";
/// The policy crates, as JSON.
pub(crate) const CRATES: &str = "policy-engine.crates";

/// What policy crates may do while the program runs, as JSON; none where they may do nothing.
pub(crate) const GRANTS: &str = "policy-engine.grants";

/// The labels of an image, with the keys of the OCI image specification where it has one.
pub(crate) fn labels(
    plan: &BuildPlan,
    reported: Option<&[Reported]>,
    created: Option<&str>,
) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    let mut say = |key: &str, value: Option<&str>| {
        labels.extend(value.map(|value| (key.to_owned(), value.to_owned())));
    };
    say("org.opencontainers.image.created", created);
    say("org.opencontainers.image.title", Some("policy-engine"));
    say(
        "org.opencontainers.image.description",
        Some("Policies and the engine that answers by them"),
    );
    say("org.opencontainers.image.version", Some(&plan.engine));
    say("org.opencontainers.image.revision", plan.revision.as_deref());
    let crates = serde_json::to_string(&plan.policies).ok();
    say(CRATES, crates.as_deref());
    let grants = serde_json::to_string(&plan.grants).ok().filter(|_| !plan.grants.is_empty());
    say(GRANTS, grants.as_deref());
    let policies = reported.and_then(|reported| serde_json::to_string(reported).ok());
    say(POLICIES, policies.as_deref());
    labels
}
