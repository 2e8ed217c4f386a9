//! Attaches documents to an image where it is kept: in a registry, or in a folder.

mod error;
mod layout;
mod registry;
mod with_referrers;

use std::rc::Rc;

use policy_host::progress::Progress;

use crate::image::Referrer;
use crate::store::{self, RegistryOptions};
pub use error::AttachError;
pub use with_referrers::WithReferrers;

/// Counts of what was to be attached.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Attached {
    /// The referrers that were added.
    pub added: usize,
    /// The referrers that were there already.
    pub there: usize,
}

/// Attaches referrers to an image by what the user calls it, as [`store::open`] does. What is there
/// already is left alone.
///
/// # Errors
/// When the image is in an archive, or its place cannot be read or written.
pub fn attach(
    image: &str,
    referrers: &[Referrer],
    options: RegistryOptions,
    progress: &Rc<Progress>,
) -> Result<Attached, AttachError> {
    check(image)?;
    let store = store::open(image, options)?;
    let mut missing = Vec::new();
    for referrer in referrers {
        let listed = store.referrers(referrer.subject())?;
        if !listed.iter().any(|found| found.digest() == referrer.descriptor().digest()) {
            missing.push(referrer);
        }
    }
    match store::path(image) {
        Some(folder) => layout::attach(folder, &missing)?,
        None => registry::attach(&image.parse()?, &missing, options, progress)?,
    }
    Ok(Attached { added: missing.len(), there: referrers.len() - missing.len() })
}

/// Checks that documents could be attached to an image: not to those in archives, which are written
/// as a whole.
///
/// # Errors
/// When the image is in an archive.
pub fn check(image: &str) -> Result<(), AttachError> {
    match store::path(image) {
        Some(path) if path.is_file() => Err(AttachError::Archive(image.to_owned())),
        _ => Ok(()),
    }
}
