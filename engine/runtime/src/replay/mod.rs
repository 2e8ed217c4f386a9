//! Decisions of a log, made once more: what another version or configuration would change.
//!
//! One thread reads the logs and finds where events begin and end. The others parse the events, ask
//! the policies, and count. No more is kept than counts and the first examples of each.

mod effect;
mod error;
mod hidden;
mod log;
mod program;
mod run;
mod tally;
mod times;
mod worker;

pub(crate) use effect::{Change, Effect};
pub(crate) use error::ReplayError;
pub(crate) use hidden::{Hidden, HiddenCounts};
pub(crate) use program::{Against, OtherProgram, Program, ServeOptions, ThisProgram};
pub(crate) use run::{Replay, replay};
pub(crate) use tally::{Cell, CellKey, Example, Group, Side};
pub(crate) use times::Times;
