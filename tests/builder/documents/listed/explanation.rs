use crate::documents::coverage::Listed;

/// The commands of `docs/src/explanation`.
pub(super) const COMMANDS: &[Listed] = &[];
