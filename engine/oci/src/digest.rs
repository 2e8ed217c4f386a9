//! Digests of bytes, and of bytes on their way.

use std::io::{self, Write};

use oci_spec::OciSpecError;
use oci_spec::image::{Digest, Sha256Digest};
use sha2::{Digest as _, Sha256};

/// A writer that digests and counts the bytes on their way to another one.
pub(crate) struct DigestWriter<W> {
    inner: W,
    sha256: Sha256,
    size: u64,
}

/// The digest and the size of what was written through a [`DigestWriter`].
pub(crate) struct Digested<W> {
    pub inner: W,
    pub digest: Digest,
    pub size: u64,
}

impl<W> DigestWriter<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self { inner, sha256: Sha256::new(), size: 0 }
    }

    pub(crate) fn finish(self) -> Result<Digested<W>, OciSpecError> {
        Ok(Digested { inner: self.inner, digest: finish(self.sha256)?, size: self.size })
    }
}

impl<W: Write> Write for DigestWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.sha256.update(bytes.get(..written).unwrap_or(bytes));
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Digests bytes with SHA-256.
///
/// # Errors
/// None that bytes could cause.
pub fn sha256(bytes: &[u8]) -> Result<Digest, OciSpecError> {
    finish(Sha256::new_with_prefix(bytes))
}

fn finish(state: Sha256) -> Result<Digest, OciSpecError> {
    Ok(hex::encode(state.finalize()).parse::<Sha256Digest>()?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_is_sha256() {
        let abc = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(b"abc").unwrap().to_string(), abc);
    }

    #[test]
    fn partial_writes_digest_only_the_written_bytes() {
        struct OneByte(Vec<u8>);
        impl Write for OneByte {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.extend(bytes.first());
                Ok(bytes.len().min(1))
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut writer = DigestWriter::new(OneByte(Vec::new()));
        writer.write_all(b"abc").unwrap();
        let digested = writer.finish().unwrap();
        assert_eq!((digested.inner.0.as_slice(), digested.size), (b"abc".as_slice(), 3));
        assert_eq!(digested.digest, sha256(b"abc").unwrap());
    }
}
