use std::fmt;
use std::io;
use std::str::FromStr;

use oci_spec::image::MediaType;

use super::{gzip, zstd};

/// The compression of an image's layers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Compression {
    /// Gzip, which every container engine reads.
    #[default]
    Gzip,
    /// Zstandard: smaller, and quicker to unpack. containerd 1.5, Docker 23 and Podman 4 read it, and
    /// those that came after them.
    Zstd,
}

impl Compression {
    /// Every compression, the default first.
    pub const ALL: [Self; 2] = [Self::Gzip, Self::Zstd];

    /// The name, as provenance and the command line have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// The compression that a layer's media type tells; `None` for layers of neither.
    #[must_use]
    pub fn from_media_type(media_type: &MediaType) -> Option<Self> {
        Self::ALL.into_iter().find(|compression| compression.media_type() == *media_type)
    }

    /// The media type of a layer.
    pub(super) fn media_type(self) -> MediaType {
        match self {
            Self::Gzip => MediaType::ImageLayerGzip,
            Self::Zstd => MediaType::ImageLayerZstd,
        }
    }

    /// Compresses a layer. The same bytes give the same result on every machine.
    pub(super) fn compress(self, tar: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip => gzip::compress(tar),
            Self::Zstd => Ok(zstd::compress(tar)),
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The name of no compression of layers.
#[derive(Debug, thiserror::Error)]
#[error("expected {}", Compression::ALL.map(|known| format!("`{known}`")).join(" or "))]
pub struct CompressionError;

impl FromStr for Compression {
    type Err = CompressionError;

    fn from_str(name: &str) -> Result<Self, CompressionError> {
        Self::ALL.into_iter().find(|known| known.name() == name).ok_or(CompressionError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compression_is_told_by_its_name_and_by_the_media_type_of_the_specification() {
        for (name, compression) in [("gzip", Compression::Gzip), ("zstd", Compression::Zstd)] {
            assert_eq!(name.parse::<Compression>().unwrap(), compression);
            assert_eq!(compression.to_string(), name);
            let media_type = format!("application/vnd.oci.image.layer.v1.tar+{name}");
            let media_type = MediaType::from(media_type.as_str());
            assert_eq!(Compression::from_media_type(&media_type), Some(compression));
        }
        assert_eq!(Compression::from_media_type(&MediaType::ImageLayer), None);
        let error = "xz".parse::<Compression>().unwrap_err();
        assert_eq!(error.to_string(), "expected `gzip` or `zstd`");
    }
}
