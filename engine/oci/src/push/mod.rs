//! Takes an image to registries: what it is made of first, then the manifests by their digests,
//! what refers to them, and the tags at the very end. Whatever goes wrong before, no tag has moved;
//! but that a registry has no place for what refers to an image does not keep the image out.

mod contents;

use std::collections::BTreeSet;
use std::path::Path;
use std::rc::Rc;

use oci_spec::image::{Descriptor, Digest};

use crate::manifest::ANNOTATION_FULL_NAME;
use crate::reference::{Reference, ReferenceError, Repository};
use crate::store::registry::{PushDestination, RegistryError, RegistryOptions};
use crate::store::{Store, StoreError};
use contents::{ContentsError, ImageContents, ManifestTree, ReferrerTree};
use policy_host::progress::Progress;
use policy_text::escape_line;

/// The result of a push.
#[derive(Debug)]
pub struct Pushed {
    /// The digest of the image.
    pub digest: Digest,
    /// The repositories that have the image now.
    pub targets: Vec<PushTarget>,
    /// The blobs of the image and of its referrers.
    pub blobs: BlobCounts,
    /// The referrers of the image.
    pub referrers: ReferrerCounts,
}

/// Counts of referrers, in all repositories together.
#[derive(Debug, Default, serde::Serialize)]
pub struct ReferrerCounts {
    /// The referrers that were pushed.
    pub pushed: usize,
    /// The referrers that a registry does not take.
    pub refused: Vec<RefusedReferrer>,
}

/// A referrer that a registry does not take.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RefusedReferrer {
    /// The repository.
    pub repository: String,
    /// The digest of the referrer's manifest.
    pub digest: String,
    /// The referrer's type, where it has one: `application/vnd.cyclonedx+json`.
    pub artifact_type: Option<String>,
    /// The registry's answer.
    pub reason: String,
}

/// A repository, with the tags that the image gets in it.
#[derive(Debug)]
pub struct PushTarget {
    /// The repository.
    pub repository: Repository,
    /// The tags.
    pub tags: Vec<String>,
}

/// Counts of configurations and layers, in all repositories together.
#[derive(Debug, Default, Clone, Copy, serde::Serialize)]
pub struct BlobCounts {
    /// The blobs that were uploaded.
    pub uploaded: usize,
    /// The blobs that were there already.
    pub skipped: usize,
    /// The bytes that were uploaded.
    pub bytes: u64,
}

/// The referrers of an image that are pushed with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Referrers {
    /// None.
    LeftOut,
    /// Those that the registry takes.
    IfTaken,
    /// All of them: a registry that refuses one gets no tag.
    Required,
}

/// Pushes an image under names, or under its own name where there are none.
///
/// Blobs come first, then manifests by their digests, then the documents that refer to the image,
/// and the tags at the very end.
///
/// # Errors
/// When the image cannot be read, or a registry does not take it.
pub fn push(
    source: &dyn Store,
    names: &[Reference],
    wanted: Referrers,
    options: RegistryOptions,
    progress: &Rc<Progress>,
) -> Result<Pushed, PushError> {
    let root = source.root()?;
    let targets = if names.is_empty() { targets(&[own_name(&root)?]) } else { targets(names) };
    let contents = ImageContents::read(source, &root, wanted != Referrers::LeftOut)?;
    let (mut blobs, mut referrers) = (BlobCounts::default(), ReferrerCounts::default());
    let mut destinations = Vec::new();
    for PushTarget { repository, .. } in &targets {
        let destination = progress.phase("push", &repository.to_string(), || {
            let destination = PushDestination::new(repository, options, progress)?;
            let mut filling = Uploader {
                destination: &destination,
                source,
                progress,
                there: BTreeSet::new(),
                blobs: &mut blobs,
            };
            filling.put(&contents.image)?;
            for referrer in &contents.referrers {
                if wanted == Referrers::Required {
                    filling.try_referrer(referrer)?;
                    referrers.pushed += 1;
                } else {
                    filling.put_referrer(referrer, &mut referrers)?;
                }
            }
            Ok::<_, PushError>(destination)
        })?;
        destinations.push(destination);
    }
    for (destination, target) in destinations.iter().zip(&targets) {
        for tag in &target.tags {
            progress.line(&format!("tag: {}:{tag}", destination.repository()));
            let root = &contents.image.root;
            destination.tag(tag, &root.descriptor, &root.bytes)?;
        }
    }
    Ok(Pushed { digest: root.digest().clone(), targets, blobs, referrers })
}

/// Puts everything into a repository but the tags.
struct Uploader<'a> {
    destination: &'a PushDestination,
    source: &'a dyn Store,
    progress: &'a Progress,
    /// The blobs that are known to be there.
    there: BTreeSet<String>,
    blobs: &'a mut BlobCounts,
}

impl Uploader<'_> {
    fn put(&mut self, part: &ManifestTree) -> Result<(), PushError> {
        self.put_blobs(&part.blobs)?;
        for manifest in part.manifests.iter().chain([&part.root]) {
            self.destination.put(&manifest.descriptor, &manifest.bytes)?;
        }
        Ok(())
    }

    fn put_blobs(&mut self, blobs: &[Descriptor]) -> Result<(), PushError> {
        for blob in blobs {
            let (digest, size) = (blob.digest(), blob.size());
            if self.there.contains(digest.as_ref()) {
                continue;
            }
            if self.destination.has_blob(blob)? {
                self.progress.line(&format!("{digest}: {size} bytes, there already"));
                self.blobs.skipped += 1;
            } else {
                self.progress.line(&format!("{digest}: {size} bytes"));
                self.destination.upload(digest, &self.source.read(blob)?)?;
                self.blobs.uploaded += 1;
                self.blobs.bytes += size;
            }
            self.there.insert(digest.to_string());
        }
        Ok(())
    }

    /// Puts what refers to the image there, or tells that the registry does not take it. It has
    /// taken the image, from the same user: what it refuses now is what this is.
    fn put_referrer(
        &mut self,
        referrer: &ReferrerTree,
        referrers: &mut ReferrerCounts,
    ) -> Result<(), PushError> {
        let error = match self.try_referrer(referrer) {
            Ok(()) => {
                referrers.pushed += 1;
                return Ok(());
            }
            Err(PushError::Registry(error)) if error.is_refusal() => error,
            Err(error) => return Err(error),
        };
        let descriptor = &referrer.part.root.descriptor;
        let refused = RefusedReferrer {
            repository: self.destination.repository().to_string(),
            digest: descriptor.digest().to_string(),
            artifact_type: descriptor.artifact_type().as_ref().map(ToString::to_string),
            reason: error.reason(),
        };
        let RefusedReferrer { repository, digest, artifact_type, reason } = &refused;
        let kind = artifact_type.as_deref().map(|kind| format!("`{}`, ", escape_line(kind)));
        let kind = kind.unwrap_or_default();
        self.progress.line(&format!(
            "note: `{repository}` gets the image without what refers to it ({kind}`{digest}`): \
             {reason}; `--no-referrers` leaves such documents out"
        ));
        referrers.refused.push(refused);
        Ok(())
    }

    fn try_referrer(&mut self, referrer: &ReferrerTree) -> Result<(), PushError> {
        let ManifestTree { root, manifests, blobs } = &referrer.part;
        self.put_blobs(blobs)?;
        for manifest in manifests {
            self.destination.put(&manifest.descriptor, &manifest.bytes)?;
        }
        Ok(self.destination.put_referrer(&referrer.subject, &root.descriptor, &root.bytes)?)
    }
}

/// The repositories that are named, each once.
fn targets(names: &[Reference]) -> Vec<PushTarget> {
    let mut targets: Vec<PushTarget> = Vec::new();
    for name in names {
        let (repository, tag) = (name.repository(), name.tag().to_owned());
        match targets.iter_mut().find(|target| target.repository == repository) {
            Some(target) if target.tags.contains(&tag) => {}
            Some(target) => target.tags.push(tag),
            None => targets.push(PushTarget { repository, tags: vec![tag] }),
        }
    }
    targets
}

/// The name that the image has, where that says in which registry.
fn own_name(root: &Descriptor) -> Result<Reference, PushError> {
    let name = root.annotations().as_ref().and_then(|all| all.get(ANNOTATION_FULL_NAME));
    let name = name.ok_or(PushError::NoName)?;
    // What a name without a registry is completed to: nobody's repository but Docker's.
    if let Some(short) = name.strip_prefix("docker.io/library/") {
        return Err(PushError::NoRegistry(short.to_owned()));
    }
    Ok(name.parse()?)
}

/// A failure to push an image.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the variants are")]
pub enum PushError {
    #[error(
        "the image has no name of its own\nhelp: name the destination, such as \
         `registry.example.com/policies:v1`"
    )]
    NoName,
    #[error(
        "the image is called `{0}`, which names no registry\nhelp: name the destination, such as \
         `registry.example.com/{0}`"
    )]
    NoRegistry(String),
    #[error(transparent)]
    Name(#[from] ReferenceError),
    #[error(transparent)]
    ImageContents(#[from] ContentsError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("failed to read the image `{image}`: {error}")]
    Read { image: String, error: StoreError },
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

impl PushError {
    /// Adds the name of the image, where the image cannot be read.
    #[must_use]
    pub fn with_image(self, image: &Path) -> Self {
        match self {
            Self::Store(error) | Self::ImageContents(ContentsError::Store(error)) => {
                Self::Read { image: image.display().to_string(), error }
            }
            error => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use oci_spec::image::MediaType;

    use super::*;
    use crate::digest;
    use crate::store::NotAnImage;

    #[test]
    fn names_of_one_repository_are_one_target() {
        let names =
            ["r.io/a:1", "r.io/b", "r.io/a:2", "r.io/a:1"].map(|name| name.parse().unwrap());
        let found = targets(&names);
        let found: Vec<_> = found
            .iter()
            .map(|target| format!("{} {}", target.repository, target.tags.join(",")))
            .collect();
        assert_eq!(found, ["r.io/a 1,2", "r.io/b latest"]);
    }

    #[test]
    fn error_names_the_image_that_cannot_be_read() {
        let error = || StoreError::NotAnImage(NotAnImage::Gzip);
        for error in [PushError::from(error()), PushError::from(ContentsError::from(error()))] {
            assert_eq!(
                error.with_image(Path::new("a.tar.gz")).to_string(),
                "failed to read the image `a.tar.gz`: it is packed with gzip; expected an OCI \
                 image layout (a folder or an archive) or a Docker archive\nhelp: \
                 unpack it with `gunzip`"
            );
        }
    }

    #[test]
    fn own_name_without_a_registry_is_not_pushed_to_docker_hub() {
        let named = |name: &str| {
            let mut root = Descriptor::new(MediaType::ImageIndex, 1, digest::sha256(b"a").unwrap());
            let name = (ANNOTATION_FULL_NAME.to_owned(), name.to_owned());
            root.set_annotations(Some(HashMap::from([name])));
            own_name(&root).map(|name| name.to_string()).map_err(|error| error.to_string())
        };
        assert_eq!(named("r.io/a:1").unwrap(), "r.io/a:1");
        assert_eq!(
            named("docker.io/library/policy-engine:latest").unwrap_err(),
            "the image is called `policy-engine:latest`, which names no registry\nhelp: name the \
             destination, such as `registry.example.com/policy-engine:latest`"
        );
    }
}
