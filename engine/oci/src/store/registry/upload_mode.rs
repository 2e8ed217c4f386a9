//! The ways to send a blob.

/// A way to send the bytes. What one registry wants, another refuses.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum UploadMode {
    /// By a `PATCH` without a range: some registries take one with it for a chunk of a size that
    /// they refuse.
    #[default]
    Stream,
    /// By a `PATCH` that says which bytes it has: for registries that know chunks only.
    Chunk,
    /// By the `PUT` that names their digest: for registries that know no `PATCH`.
    Whole,
}

impl UploadMode {
    /// The mode to try after this one was refused.
    pub(super) fn next(self) -> Self {
        match self {
            Self::Stream => Self::Chunk,
            Self::Chunk | Self::Whole => Self::Whole,
        }
    }

    pub(super) fn is_whole(self) -> bool {
        matches!(self, Self::Whole)
    }
}
