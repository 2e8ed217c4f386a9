//! The console, in a real browser: as operators read it, whatever they ask it, and however they look
//! at it. `target/console` gets a screenshot of every page.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of a test may panic as the test itself may"
)]

/// The helpers of all test binaries.
#[path = "../support/mod.rs"]
mod support;

/// The browser.
mod browser;
/// The decisions that are kept.
mod decisions;
/// The faults that the browser finds.
mod faults;
/// The pages, looked at in every way.
mod pages;
/// Readers of all kinds.
mod readers;
/// The server, and what is decided there.
mod served;
/// Trying a policy.
mod trial;
