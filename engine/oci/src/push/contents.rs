use std::collections::BTreeSet;

use oci_spec::OciSpecError;
use oci_spec::image::{Descriptor, Digest, ImageIndex, ImageManifest, MediaType};

use crate::store::{self, LARGEST_MANIFEST, Store, StoreError};

/// Indexes of indexes are rare, and of those in turn unheard of.
const MAX_DEPTH: usize = 4;

/// The largest size of all manifests and indexes together, which are kept in memory. Some kilobytes
/// are usual.
const MAX_MANIFEST_BYTES: u64 = 64 << 20;

/// All that an image is made of, and what refers to it.
pub(super) struct ImageContents {
    pub(super) image: ManifestTree,
    /// Software bills of materials, provenance, signatures: each after what it refers to.
    pub(super) referrers: Vec<ReferrerTree>,
}

/// A referrer of an image, or of another referrer.
pub(super) struct ReferrerTree {
    pub(super) subject: Digest,
    pub(super) part: ManifestTree,
}

/// A manifest or an index, and all that it needs to be there first.
pub(super) struct ManifestTree {
    pub(super) root: ManifestBytes,
    /// The other manifests of an index, each after those that it lists.
    pub(super) manifests: Vec<ManifestBytes>,
    /// Configurations and layers of all of these.
    pub(super) blobs: Vec<Descriptor>,
}

/// A manifest or an index, as its bytes are.
pub(super) struct ManifestBytes {
    pub(super) descriptor: Descriptor,
    pub(super) bytes: Vec<u8>,
}

impl ImageContents {
    /// Reads everything but the blobs, and what refers to the image only where that is wanted.
    pub(super) fn read(
        source: &dyn Store,
        root: &Descriptor,
        with_referrers: bool,
    ) -> Result<Self, ContentsError> {
        let mut left = MAX_MANIFEST_BYTES;
        let image = ManifestTree::read(source, root, &mut left)?;
        let digest = |manifest: &ManifestBytes| manifest.descriptor.digest().clone();
        let mut subjects = Vec::new();
        if with_referrers {
            subjects.extend(image.manifests.iter().chain([&image.root]).map(digest));
        }
        let mut seen = BTreeSet::new();
        let mut referrers = Vec::new();
        while let Some(subject) = subjects.pop() {
            for descriptor in source.referrers(&subject)? {
                if seen.insert(descriptor.digest().to_string()) {
                    let part = ManifestTree::read(source, &descriptor, &mut left)?;
                    subjects.push(digest(&part.root));
                    referrers.push(ReferrerTree { subject: subject.clone(), part });
                }
            }
        }
        Ok(Self { image, referrers })
    }
}

impl ManifestTree {
    fn read(source: &dyn Store, root: &Descriptor, left: &mut u64) -> Result<Self, ContentsError> {
        let mut reading = Reading { source, left, blobs: Vec::new(), seen: BTreeSet::new() };
        let mut manifests = Vec::new();
        let root = reading.manifest(root, &mut manifests, 0)?;
        Ok(Self { root, manifests, blobs: reading.blobs })
    }
}

struct Reading<'a> {
    source: &'a dyn Store,
    /// Of [`MAX_MANIFEST_BYTES`].
    left: &'a mut u64,
    blobs: Vec<Descriptor>,
    seen: BTreeSet<String>,
}

impl Reading<'_> {
    /// Returns whether the digest is new.
    fn is_new(&mut self, descriptor: &Descriptor) -> bool {
        self.seen.insert(descriptor.digest().to_string())
    }

    /// Reads a manifest or an index, and what it leads to.
    fn manifest(
        &mut self,
        descriptor: &Descriptor,
        manifests: &mut Vec<ManifestBytes>,
        depth: usize,
    ) -> Result<ManifestBytes, ContentsError> {
        let bytes = store::bounded(self.source, descriptor, LARGEST_MANIFEST)?;
        *self.left = self.left.checked_sub(descriptor.size()).ok_or(ContentsError::Many)?;
        let wrong =
            |reason| ContentsError::Document { digest: descriptor.digest().clone(), reason };
        if is_index(descriptor.media_type()) {
            if depth == MAX_DEPTH {
                return Err(ContentsError::Deep { digest: descriptor.digest().clone() });
            }
            let index = ImageIndex::from_reader(bytes.as_slice()).map_err(wrong)?;
            for child in index.manifests() {
                if self.is_new(child) {
                    let manifest = self.manifest(child, manifests, depth + 1)?;
                    manifests.push(manifest);
                }
            }
        } else {
            let manifest = ImageManifest::from_reader(bytes.as_slice()).map_err(wrong)?;
            for blob in [manifest.config()].into_iter().chain(manifest.layers()) {
                if self.is_new(blob) {
                    self.blobs.push(blob.clone());
                }
            }
        }
        // The name that a layout has for it is not the registry's.
        let mut descriptor = descriptor.clone();
        if descriptor.artifact_type().is_none() {
            descriptor.set_annotations(None);
        }
        Ok(ManifestBytes { descriptor, bytes })
    }
}

/// The OCI's, or Docker's own.
fn is_index(media_type: &MediaType) -> bool {
    const DOCKERS: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
    *media_type == MediaType::ImageIndex || media_type.as_ref() == DOCKERS
}

/// A failure to read an image with all its parts.
#[derive(Debug, thiserror::Error)]
pub enum ContentsError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(
        "failed to read the manifest `{digest}` of the image: {reason}; expected one by the OCI \
         image specification\nhelp: build the image again"
    )]
    Document { digest: Digest, reason: OciSpecError },
    #[error(
        "failed to read the index `{digest}` of the image: it is in an index in an index, \
         {MAX_DEPTH} deep and more, expected one of images"
    )]
    Deep { digest: Digest },
    #[error(
        "failed to read the manifests of the image: they have more than {MAX_MANIFEST_BYTES} \
         bytes, with what refers to it; expected some kilobytes"
    )]
    Many,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::tests::with_documents;

    #[test]
    fn manifests_above_the_memory_limit_are_refused() {
        let image = with_documents();
        let root = image.root().unwrap();
        let size = root.size();
        assert!(ManifestTree::read(&image, &root, &mut { size }).is_ok());
        let error = ManifestTree::read(&image, &root, &mut { size - 1 }).err().unwrap().to_string();
        assert_eq!(
            error,
            "failed to read the manifests of the image: they have more than 67108864 bytes, with \
             what refers to it; expected some kilobytes"
        );
        let contents = ImageContents::read(&image, &root, true).unwrap();
        assert_eq!(contents.referrers.len(), 2);
        assert!(contents.referrers.iter().all(|referrer| referrer.part.blobs.len() == 2));
        assert!(ImageContents::read(&image, &root, false).unwrap().referrers.is_empty());
    }
}
