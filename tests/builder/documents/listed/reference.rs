use crate::documents::coverage::Coverage::By;
use crate::documents::coverage::Listed;

/// The commands of `docs/src/reference`, and of what it includes.
pub(super) const COMMANDS: &[Listed] = &[(
    "policy-engine config --schema > configuration.json",
    By("builder/documents/reference/configuration.rs"),
)];
