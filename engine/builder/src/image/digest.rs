use std::io::{self, Write};

use oci_spec::OciSpecError;
use oci_spec::image::{Digest, Sha256Digest};
use sha2::{Digest as _, Sha256};

/// Digests and counts the bytes on their way to another writer.
pub(super) struct Digesting<W> {
    inner: W,
    sha256: Sha256,
    size: u64,
}

/// What was written through a [`Digesting`].
pub(super) struct Digested<W> {
    pub(super) inner: W,
    pub(super) digest: Digest,
    pub(super) size: u64,
}

impl<W> Digesting<W> {
    pub(super) fn new(inner: W) -> Self {
        Self { inner, sha256: Sha256::new(), size: 0 }
    }

    pub(super) fn finish(self) -> Result<Digested<W>, OciSpecError> {
        Ok(Digested { inner: self.inner, digest: digest(self.sha256)?, size: self.size })
    }
}

impl<W: Write> Write for Digesting<W> {
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

/// The digest of some bytes.
pub(crate) fn of(bytes: &[u8]) -> Result<Digest, OciSpecError> {
    digest(Sha256::new_with_prefix(bytes))
}

fn digest(sha256: Sha256) -> Result<Digest, OciSpecError> {
    let halves = sha256.finalize().into_iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    let hex: String = halves.filter_map(|half| char::from_digit(half.into(), 16)).collect();
    Ok(hex.parse::<Sha256Digest>()?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_the_standard_one() {
        let abc = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(of(b"abc").unwrap().to_string(), abc);
    }

    #[test]
    fn only_what_the_inner_writer_took_is_counted() {
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
        let mut writer = Digesting::new(OneByte(Vec::new()));
        writer.write_all(b"abc").unwrap();
        let digested = writer.finish().unwrap();
        assert_eq!((digested.inner.0.as_slice(), digested.size), (b"abc".as_slice(), 3));
        assert_eq!(digested.digest, of(b"abc").unwrap());
    }
}
