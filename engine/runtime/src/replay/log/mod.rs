//! Decision logs: opened, split into events, and each event read.

mod error;
mod event;
mod open;
mod split;

pub(super) use error::LogError;
pub(super) use event::{LoggedDecision, Read};
pub(super) use open::open;
pub(super) use split::{Chunk, EventPlace, Splitter};
