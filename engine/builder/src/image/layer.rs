use oci_spec::OciSpecError;
use oci_spec::image::{Digest, MediaType};

use super::SourceDate;
use super::base;
use super::digest;
use super::documents::Blob;
use super::gzip;
use super::ustar::{self, Member};

pub(super) const PROGRAM: &str = "bin/policy-engine";

/// One compressed layer of an image.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(super) blob: Blob,
    /// The digest of the layer before it is compressed.
    pub(super) diff_id: Digest,
    pub(super) uncompressed_size: u64,
    pub(super) comment: &'static str,
}

impl Layer {
    /// The digest of the compressed layer.
    pub(crate) fn digest(&self) -> &Digest {
        self.blob.digest()
    }

    /// The bytes that are stored and sent.
    pub(crate) fn compressed_size(&self) -> u64 {
        self.blob.size()
    }

    /// The bytes that the layer unpacks to, as a tar archive.
    pub(crate) fn uncompressed_size(&self) -> u64 {
        self.uncompressed_size
    }

    /// What is in the layer, for people.
    pub(crate) fn comment(&self) -> &'static str {
        self.comment
    }
}

/// What every image has beside its program.
pub(super) fn base(created: SourceDate) -> Result<Layer, OciSpecError> {
    let files = base::files();
    let folders = base::FOLDERS.iter().map(|path| Member::Directory { path });
    let files = files.iter().map(|(path, bytes)| Member::File { path, mode: 0o644, bytes });
    let members = folders.chain(files).collect();
    pack("users and CA certificates", created, members)
}

/// The program alone: the layer that changes from build to build.
pub(super) fn program(binary: &[u8], created: SourceDate) -> Result<Layer, OciSpecError> {
    let members = vec![
        Member::Directory { path: "bin/" },
        Member::File { path: PROGRAM, mode: 0o755, bytes: binary },
    ];
    pack("the policy engine with its policies", created, members)
}

/// Archives, compresses and digests.
fn pack(
    comment: &'static str,
    created: SourceDate,
    members: Vec<Member<'_>>,
) -> Result<Layer, OciSpecError> {
    let tar = ustar::write(Vec::new(), created, members)?;
    Ok(Layer {
        blob: Blob::of(MediaType::ImageLayerGzip, gzip::whole(&tar)?)?,
        diff_id: digest::of(&tar)?,
        uncompressed_size: tar.len() as u64,
        comment,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;
    use tar::Archive;

    use super::*;

    fn files(layer: &Layer) -> Vec<(String, u32, Vec<u8>)> {
        Archive::new(GzDecoder::new(layer.blob.bytes.as_slice()))
            .entries()
            .unwrap()
            .map(|entry| {
                let mut entry = entry.unwrap();
                assert_eq!(entry.header().mtime().unwrap(), 7);
                let mut bytes = Vec::new();
                entry.read_to_end(&mut bytes).unwrap();
                let path = entry.path().unwrap().display().to_string();
                (path, entry.header().mode().unwrap(), bytes)
            })
            .collect()
    }

    #[test]
    fn the_base_has_the_user_and_the_certificates() {
        let directory = |path: &str| (path.to_owned(), 0o755, Vec::new());
        let file = |path: &str, bytes: &[u8]| (path.to_owned(), 0o644, bytes.to_vec());
        assert_eq!(
            files(&base("7".parse().unwrap()).unwrap()),
            [
                directory("etc/"),
                file("etc/group", b"root:x:0:\npolicy-engine:x:1000:\n"),
                file(
                    "etc/passwd",
                    b"root:x:0:0:root:/:/sbin/nologin\n\
                      policy-engine:x:1000:1000:policy-engine:/:/sbin/nologin\n"
                ),
                directory("etc/ssl/"),
                directory("etc/ssl/certs/"),
                file(
                    "etc/ssl/certs/ca-certificates.crt",
                    super::super::ca_certificates::pem().as_bytes()
                ),
            ]
        );
    }

    #[test]
    fn the_program_has_a_layer_to_itself() {
        assert_eq!(
            files(&program(b"elf", "7".parse().unwrap()).unwrap()),
            [
                ("bin/".to_owned(), 0o755, Vec::new()),
                ("bin/policy-engine".to_owned(), 0o755, b"elf".to_vec()),
            ]
        );
    }
}
