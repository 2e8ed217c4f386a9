//! Errors of the builder, word for word; a failed build leaves no files behind.

/// Options and variables that make no sense.
mod arguments;
/// Errors that only the compiler or the linked program finds.
mod compilation;
/// Results that cannot be written.
mod destination;
/// Folders that hold no policies that could be built.
mod discovery;
