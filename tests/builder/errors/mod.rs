//! What the builder says when it cannot build, word for word, and that it leaves nothing behind.

/// Options and variables that make no sense.
mod arguments;
/// What only the compiler or the linked program can tell.
mod compilation;
/// Results that cannot be written.
mod destination;
/// Folders that hold no policies that could be built.
mod discovery;
