use std::path::Path;

use super::error::StoreError;
use super::layout::Layout;
use super::registry::{Options, Registry};
use super::source::Store;

/// Opens an image by what the user calls it: the path of an archive or of an OCI image layout, or
/// else a reference to a registry.
///
/// A path is what is there on disk, begins as paths do, or ends as archives do.
pub fn open(image: &str, options: Options) -> Result<Box<dyn Store>, StoreError> {
    let path = Path::new(image);
    let is_written_as_path = image.starts_with(['.', '/'])
        || path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("tar"));
    if is_written_as_path || path.exists() {
        return Ok(Box::new(Layout::open(path)?));
    }
    Ok(Box::new(Registry::open(&image.parse()?, options)?))
}
