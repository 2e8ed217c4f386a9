use crate::documents::coverage::Listed;

/// The commands of `docs/src/reference`, and of what it includes.
pub(super) const COMMANDS: &[Listed] = &[];
