//! The machine that a build runs on: signals and child processes, files, and the terminal.
//!
//! - [`signals`] ends the program as signals ask, with its children and its temporary files.
//! - [`atomic`] writes files and folders that are complete or not there.
//! - [`tree`] makes a folder hold just the files that it should.
//! - [`paths`] resolves and relates paths, also of what does not exist.
//! - [`progress`] shows on standard error what the program does.
//!
//! It never knows what is built: no image, no Cargo and no policy.

pub mod atomic;
pub mod paths;
pub mod progress;
pub mod signals;
pub mod tree;
