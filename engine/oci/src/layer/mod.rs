//! Layers: files, as a compressed tar archive.

mod compressed;
mod compression;
mod file_set;
mod gzip;
mod pieces;
mod stored;
pub(crate) mod tar;
mod zstd;

pub use compressed::Layer;
pub use compression::{Compression, CompressionError};
pub use file_set::FileSet;
pub use gzip::GzipWriter;
pub use stored::StoredLayer;
