//! Starting a policies repository, and a policy in one; and what Cargo needs to work there.

mod add;
mod api;
mod cargo_config;
mod error;
mod files;
mod member;
mod name;
mod new;
mod setup;

use std::path::PathBuf;

use serde::Serialize;

pub(crate) use add::add;
pub(crate) use api::Api;
pub(crate) use error::ScaffoldError;
pub(crate) use files::Form;
pub(crate) use name::{CrateName, NameError};
pub(crate) use new::{FIRST, new};
pub(crate) use setup::setup;

/// The files that were written.
#[derive(Debug, Serialize)]
pub(crate) struct Written {
    /// The new folder.
    pub(crate) folder: PathBuf,
    /// The files in it.
    pub(crate) created: Vec<PathBuf>,
    /// A workspace's manifest that had to list the new crate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) changed: Option<PathBuf>,
}
