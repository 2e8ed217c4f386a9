//! Layers: files, as a compressed tar archive.

mod compressed;
mod file_set;
mod gzip;
mod stored;
pub(crate) mod tar;

pub use compressed::Layer;
pub use file_set::FileSet;
pub use gzip::GzipWriter;
pub use stored::StoredLayer;
