//! Text that people read: escaping for terminals, suggestions, and causes of errors.
//!
//! The engine and the builder share these rules. This crate never reads, writes or prints anything.

mod causes;
mod escape;
mod redact;
mod suggest;

pub use causes::error_chain;
pub use escape::{escape, escape_json, escape_keeping_colors, escape_line};
pub use redact::redact_url;
pub use suggest::most_similar;
