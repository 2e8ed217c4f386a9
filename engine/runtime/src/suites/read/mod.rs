//! Reading a suite: every mistake is reported with its place, and what is read can be run.

mod cases;
mod expectations;
mod files;
mod inputs;
mod reader;
mod subjects;

pub(crate) use cases::read;
