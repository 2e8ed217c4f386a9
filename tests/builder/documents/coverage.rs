/// A command of a document, in the words that stand there, and how it is tested.
pub(super) type Listed = (&'static str, Coverage);

/// The way in which a command is tested.
#[derive(Debug, Clone, Copy)]
pub(super) enum Coverage {
    /// A test here runs it.
    In(Scene),
    /// Another test runs it, in the words of the document as well.
    By(&'static str),
    /// Not run, for this reason; the test that runs a similar command.
    Not(&'static str, &'static str),
}

/// A group of commands that one test runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scene {
    BuilderImage,
    Repository,
    Docker,
    OwnFolder,
    Platforms,
    Push,
    Sign,
    Nix,
    /// Each tutorial is followed from its beginning to its end.
    Tutorial,
}
