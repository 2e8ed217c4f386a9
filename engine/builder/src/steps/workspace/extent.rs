/// The parts of the policies folder's crates that are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The libraries that the program is made of.
    Libraries,
    /// Their tests, examples and benchmarks as well, each crate a member of the workspace.
    WithTests,
}
