//! The pages of the console, which shows what runs, what it decides, and what it would decide.
//!
//! A [`Page`] is a model: plain data, which is JSON as it stands and HTML by [`document`]. This crate
//! knows no server: what it shows, it is given. Text is escaped wherever it comes from.

mod asset;
mod html;
mod link;
mod model;
mod number;

pub use asset::{ASSETS, Asset};
pub use html::{Page, document};
pub use model::*;
