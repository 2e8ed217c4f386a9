//! The protocol between a measured program and the driver.
//!
//! A subject decides the same questions as every other: it is started with a file of [`Cases`],
//! prints its verdicts once, and then decides as often as it is told to, timing itself. So every
//! engine runs in a process of its own, in whatever language, and rounds of all of them take turns.

mod cases;
mod floor;
mod subject;

pub use cases::{Case, Cases};
pub use floor::Floor;
pub use subject::{Order, Subject, answer};
