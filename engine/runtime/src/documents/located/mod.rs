//! Values with the source that each comes from, and what is wrong at such a place.

mod error;
mod node;
mod origin;

pub(crate) use error::{ConfigError, ConfigErrors};
pub(crate) use node::{Node, TableEntry, Value};
pub(crate) use origin::{Origin, VARIABLE_PREFIX, variable_of};
