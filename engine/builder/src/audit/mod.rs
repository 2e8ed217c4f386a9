//! Judging images: what one says of itself, how two differ, and whether one is what its sources give.

mod described;
mod difference;
mod facts;
mod verify;

pub(crate) use described::{DescribeError, Described, PlatformImage};
pub(crate) use difference::Difference;
pub(crate) use verify::{Sources, VerifyError, verify};

#[cfg(test)]
mod tests;
