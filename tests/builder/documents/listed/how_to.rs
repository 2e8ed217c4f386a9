use crate::documents::coverage::Coverage::By;
use crate::documents::coverage::Listed;

/// The commands of `docs/src/how-to`, and of what it includes.
pub(super) const COMMANDS: &[Listed] = &[(
    "find . -type f | cut -c3- | LC_ALL=C sort | xargs -r sha256sum | sha256sum",
    By("builder/supply/mod.rs"),
)];
