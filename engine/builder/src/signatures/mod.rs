//! Signatures of images and of what is attached to them, as Sigstore bundles: made, found and checked.
//!
//! [`documents`] lists what is signed beside the image itself.

mod check;
mod documents;
mod error;
mod key_file;
mod parts;
mod sign;
#[cfg(test)]
mod tests;

pub(crate) use check::{Checked, check};
pub(crate) use documents::name as name_of;
pub(crate) use error::{KeyFileError, SignatureError};
pub(crate) use key_file::{private_key, public_key};
pub(crate) use parts::{FoundBundle, Part, Parts};
pub(crate) use sign::{Signed, sign};
