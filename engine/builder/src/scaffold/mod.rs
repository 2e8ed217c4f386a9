//! Starting a policies folder, and a policy in one.

mod add;
mod api;
mod error;
mod files;
mod member;
mod name;
mod new;

use std::path::PathBuf;

use serde::Serialize;

pub(crate) use add::add;
pub(crate) use api::Api;
pub(crate) use error::ScaffoldError;
pub(crate) use files::Form;
pub(crate) use name::{CrateName, NameError};
pub(crate) use new::{FIRST, new};

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
