//! The image of a program.

mod built;
pub(crate) mod labels;
pub(crate) mod prebuilt;

pub(crate) use built::Built;
