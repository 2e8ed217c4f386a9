use std::path::Path;

use super::error::StoreError;
use super::layout::Layout;
use super::registry::{RegistryImage, RegistryOptions};
use super::source::Store;

/// Opens an image by a path of an archive or of an OCI image layout, or by a reference to a registry.
///
/// A text is a path where it exists on disk, begins as paths do, or ends as archives do.
///
/// # Errors
/// When the image cannot be opened, or the text is neither.
pub fn open(image: &str, options: RegistryOptions) -> Result<Box<dyn Store>, StoreError> {
    match path(image) {
        Some(path) => Ok(Box::new(Layout::open(path)?)),
        None => Ok(Box::new(RegistryImage::open(&image.parse()?, options)?)),
    }
}

/// The path that a text is; `None` where it is a reference.
pub(crate) fn path(image: &str) -> Option<&Path> {
    let path = Path::new(image);
    let is_written_as_path = image.starts_with(['.', '/'])
        || path.extension().is_some_and(|extension| {
            extension.eq_ignore_ascii_case("tar") || extension.eq_ignore_ascii_case("gz")
        });
    (is_written_as_path || path.exists()).then_some(path)
}
