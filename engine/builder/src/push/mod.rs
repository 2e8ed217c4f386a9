//! Takes an image to registries: what it is made of first, then the manifests by their digests,
//! what refers to them, and the tags at the very end. Whatever goes wrong before, no tag has moved.

mod contents;

use std::path::Path;
use std::rc::Rc;

use oci_spec::image::{Descriptor, Digest};

use crate::image::{ImageName, ImageNameError};
use crate::progress::Progress;
use crate::store::registry::{Destination, Options, RegistryError, Repository};
use crate::store::{Store, StoreError};
use contents::{Contents, ContentsError};

/// As containerd has an image's name in a layout; `image` writes it.
const ANNOTATION_FULL_NAME: &str = "io.containerd.image.name";

/// What was pushed.
#[derive(Debug)]
pub(crate) struct Pushed {
    pub(crate) digest: Digest,
    pub(crate) targets: Vec<Target>,
    pub(crate) blobs: Blobs,
}

/// A repository, with the tags that the image gets in it.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) repository: Repository,
    pub(crate) tags: Vec<String>,
}

/// Configurations and layers, in all repositories together.
#[derive(Debug, Default, Clone, Copy, serde::Serialize)]
pub(crate) struct Blobs {
    pub(crate) uploaded: usize,
    /// Those that were there already.
    pub(crate) skipped: usize,
    /// How many bytes were uploaded.
    pub(crate) bytes: u64,
}

/// Pushes an image under names, or under the one that it has.
pub(crate) fn push(
    source: &dyn Store,
    names: &[ImageName],
    options: Options,
    progress: &Rc<Progress>,
) -> Result<Pushed, PushError> {
    let root = source.root()?;
    let targets = if names.is_empty() { targets(&[own_name(&root)?]) } else { targets(names) };
    let contents = Contents::read(source, &root)?;
    let mut blobs = Blobs::default();
    let mut destinations = Vec::new();
    for Target { repository, .. } in &targets {
        let destination = progress.phase("push", &repository.to_string(), || {
            let destination = Destination::new(repository, options, progress)?;
            fill(&destination, source, &contents, &mut blobs, progress)?;
            Ok::<_, PushError>(destination)
        })?;
        destinations.push(destination);
    }
    for (destination, target) in destinations.iter().zip(&targets) {
        for tag in &target.tags {
            progress.line(&format!("tag: {}:{tag}", destination.repository()));
            destination.tag(tag, &contents.root.descriptor, &contents.root.bytes)?;
        }
    }
    Ok(Pushed { digest: root.digest().clone(), targets, blobs })
}

/// Puts everything into a repository but the tags.
fn fill(
    destination: &Destination,
    source: &dyn Store,
    contents: &Contents,
    blobs: &mut Blobs,
    progress: &Progress,
) -> Result<(), PushError> {
    for blob in &contents.blobs {
        let (digest, size) = (blob.digest(), blob.size());
        if destination.has_blob(digest)? {
            progress.line(&format!("{digest}: {size} bytes, there already"));
            blobs.skipped += 1;
        } else {
            progress.line(&format!("{digest}: {size} bytes"));
            destination.upload(digest, &source.read(blob)?)?;
            blobs.uploaded += 1;
            blobs.bytes += size;
        }
    }
    for manifest in contents.manifests.iter().chain([&contents.root]) {
        destination.put(&manifest.descriptor, &manifest.bytes)?;
    }
    for (subject, referrer) in &contents.referrers {
        destination.put_referrer(subject, &referrer.descriptor, &referrer.bytes)?;
    }
    Ok(())
}

/// The repositories that are named, each once.
fn targets(names: &[ImageName]) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    for name in names {
        let (repository, tag) = (Repository::of(name), name.tag().to_owned());
        match targets.iter_mut().find(|it| it.repository == repository) {
            Some(target) if target.tags.contains(&tag) => {}
            Some(target) => target.tags.push(tag),
            None => targets.push(Target { repository, tags: vec![tag] }),
        }
    }
    targets
}

/// The name that the image has, where that says in which registry.
fn own_name(root: &Descriptor) -> Result<ImageName, PushError> {
    let name = root.annotations().as_ref().and_then(|all| all.get(ANNOTATION_FULL_NAME));
    let name = name.ok_or(PushError::NoName)?;
    // What a name without a registry is completed to: nobody's repository but Docker's.
    if let Some(short) = name.strip_prefix("docker.io/library/") {
        return Err(PushError::NoRegistry(short.to_owned()));
    }
    Ok(name.parse()?)
}

/// Why an image is not pushed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PushError {
    #[error(
        "the image has no name of its own: say where to push it, as in `policy-builder push \
         policy-engine.tar registry.example.com/policies:v1`"
    )]
    NoName,
    #[error(
        "the image is called `{0}`, which names no registry: say where to push it, as in \
         `policy-builder push policy-engine.tar registry.example.com/{0}`"
    )]
    NoRegistry(String),
    #[error(
        "there is no file or folder `{0}`: if that is where to push, name the image first, as in \
         `policy-builder push policy-engine.tar {0}`"
    )]
    NoImage(String),
    #[error(transparent)]
    Name(#[from] ImageNameError),
    #[error(transparent)]
    Contents(#[from] ContentsError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("read the image `{image}`: {error}")]
    Read { image: String, error: StoreError },
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

impl PushError {
    /// With the image's name, where it is the image that cannot be read.
    pub(crate) fn of_image(self, image: &Path) -> Self {
        match self {
            Self::Store(error) | Self::Contents(ContentsError::Store(error)) => {
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
    use crate::image::digest;
    use crate::store::NotAnImage;

    #[test]
    fn every_repository_is_a_target_once() {
        let names = ["r.io/a:1", "r.io/b", "r.io/a:2", "r.io/a:1"].map(|it| it.parse().unwrap());
        let found = targets(&names);
        let found: Vec<_> =
            found.iter().map(|it| format!("{} {}", it.repository, it.tags.join(","))).collect();
        assert_eq!(found, ["r.io/a 1,2", "r.io/b latest"]);
    }

    #[test]
    fn an_image_that_cannot_be_read_is_named() {
        let error = || StoreError::NotAnImage(NotAnImage::Gzip);
        for error in [PushError::from(error()), PushError::from(ContentsError::from(error()))] {
            assert_eq!(
                error.of_image(Path::new("a.tar.gz")).to_string(),
                "read the image `a.tar.gz`: it is packed with gzip: unpack it with `gunzip`; \
                 expected an archive or a folder as `policy-builder image` writes it"
            );
        }
    }

    #[test]
    fn a_name_without_a_registry_is_not_taken_for_docker_hub() {
        let named = |name: &str| {
            let mut root = Descriptor::new(MediaType::ImageIndex, 1, digest::of(b"a").unwrap());
            let name = (ANNOTATION_FULL_NAME.to_owned(), name.to_owned());
            root.set_annotations(Some(HashMap::from([name])));
            own_name(&root).map(|it| it.to_string()).map_err(|it| it.to_string())
        };
        assert_eq!(named("r.io/a:1").unwrap(), "r.io/a:1");
        assert_eq!(
            named("docker.io/library/policy-engine:latest").unwrap_err(),
            "the image is called `policy-engine:latest`, which names no registry: say where to \
             push it, as in `policy-builder push policy-engine.tar \
             registry.example.com/policy-engine:latest`"
        );
    }
}
