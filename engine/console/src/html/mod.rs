//! The HTML of pages, one file each, and the frame around them.

mod decision;
mod decisions;
mod document;
mod page;
mod parts;
mod policies;
mod policy;
mod problem;
mod replay;
mod server;
mod trial;

pub use document::document;
pub use page::Page;
