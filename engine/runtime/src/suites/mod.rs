//! Suites: files with cases, each a question to a policy and what is expected of the answer.
//!
//! [`read`] makes a [`Suite`] of a file, with every mistake in it and its place; [`run`] puts the
//! questions, and [`judge`](expectation) compares the answers; [`coverage`] counts what the cases
//! reach; [`init`] writes a suite of what is decided today.

mod coverage;
mod difference;
mod discover;
mod expectation;
mod fields;
mod init;
mod input;
mod json_schema;
mod keys;
mod read;
mod review;
mod run;
mod suite;
#[cfg(test)]
mod tests;
pub(crate) mod yaml_text;

pub(crate) use coverage::{CheckCoverage, Coverage};
pub(crate) use difference::Difference;
pub(crate) use discover::{find, is_suite};
pub(crate) use init::{Written, init};
pub(crate) use json_schema::json_schema;
pub(crate) use read::read;
pub(crate) use run::{CaseResult, Judgement, run};
pub(crate) use suite::{Case, Suite};
