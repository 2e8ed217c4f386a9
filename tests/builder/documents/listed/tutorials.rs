use crate::documents::coverage::Listed;

/// The commands of the introduction, of `docs/src/tutorials` and of `docs/examples`.
pub(super) const COMMANDS: &[Listed] = &[];
