use serde::Serialize;

/// A page in place of another that there is not, or that must not be shown.
#[derive(Debug, Clone, Serialize)]
pub struct ProblemPage {
    /// The status, such as 404.
    pub status: u16,
    /// Such as `no policy `pods` is served`.
    pub message: String,
}
