//! The image of a program.

pub(crate) mod labels;
pub(crate) mod prebuilt;
mod program;

pub(crate) use program::{Built, Program};
