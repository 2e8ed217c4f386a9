use std::collections::BTreeMap;

use oci_spec::image::{Descriptor, Digest, ImageIndex, ImageManifest, MediaType};
use serde::Deserialize;
use serde_json::Value;

use crate::steps::image::labels;
use crate::steps::provenance::sbom::BillOfMaterials;
use crate::steps::provenance::statement::{PROVENANCE, Statement};
use crate::steps::provenance::{BUILD_TYPE, VEX};
use crate::steps::self_check::Reported;
use crate::steps::workspace::{Grant, PlannedCrate};
use policy_oci::Compression;
use policy_oci::image::{SBOM, STATEMENT};
use policy_oci::store::RegistryOptions;
use policy_oci::store::{self, LARGEST_MANIFEST, MOST_REFERRERS, NotAnImage, Store, StoreError};

/// The size limit of an attached document.
const LARGEST_DOCUMENT: u64 = 64 << 20;
/// The size limit of the configurations and attached documents of all platforms together: they are
/// kept in memory.
const LARGEST_TOTAL: u64 = 256 << 20;
/// The largest number of platforms of an index.
const MOST_PLATFORMS: usize = 100;
const NAMES: [&str; 2] = ["io.containerd.image.name", "org.opencontainers.image.ref.name"];

/// The description that an image gives of itself, for all its platforms.
#[derive(Debug)]
pub(crate) struct Described {
    /// The name that it was written under, where it lies on disk.
    pub(crate) name: Option<String>,
    /// Of the manifest, or of the index of several platforms.
    pub(crate) digest: Digest,
    /// The manifest or the index itself.
    pub(crate) root: Descriptor,
    /// Sorted by platform.
    pub(crate) platforms: Vec<PlatformImage>,
}

/// The description that the image for one platform gives of itself.
#[derive(Debug)]
pub(crate) struct PlatformImage {
    pub(crate) digest: Digest,
    /// The manifest itself.
    pub(crate) manifest: Descriptor,
    /// The platform as `os/architecture`, with the variant behind it where there is one.
    pub(crate) platform: String,
    /// Manifest, configuration and compressed layers, in bytes.
    pub(crate) size: u64,
    pub(crate) created: Option<String>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(super) config: Digest,
    pub(super) layers: Vec<Digest>,
    /// The compression of its layers; `None` where they have none, several, or one that is not known.
    pub(super) compression: Option<Compression>,
    /// The bill of materials as it is attached.
    pub(crate) sbom: Option<Vec<u8>>,
    /// The provenance as it is attached.
    pub(crate) provenance: Option<Vec<u8>>,
    /// What vulnerabilities mean for the image, as it is attached.
    pub(crate) vex: Option<Vec<u8>>,
}

/// A configuration, as far as it is needed: not only the builder's own images are described.
#[derive(Deserialize)]
struct Configuration {
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    os: String,
    variant: Option<String>,
    created: Option<String>,
    config: Option<Process>,
}

#[derive(Deserialize)]
struct Process {
    #[serde(rename = "Labels")]
    labels: Option<BTreeMap<String, String>>,
}

impl Described {
    /// Opens and reads an image by what the user calls it.
    pub(crate) fn open(image: &str, options: RegistryOptions) -> Result<Self, DescribeError> {
        Self::open_with_store(image, options).map(|(_, described)| described)
    }

    /// Opens and reads an image by what the user calls it, and gives its store as well.
    pub(crate) fn open_with_store(
        image: &str,
        options: RegistryOptions,
    ) -> Result<(Box<dyn Store>, Self), DescribeError> {
        let named = |error| DescribeError { image: image.to_owned(), error };
        let store = store::open(image, options).map_err(named)?;
        let described = Self::read(store.as_ref()).map_err(named)?;
        Ok((store, described))
    }

    /// Reads an image of one platform, or an index of such.
    pub(crate) fn read(store: &dyn Store) -> Result<Self, StoreError> {
        let root = store.root()?;
        let document: Value = store::document(store, &root, LARGEST_MANIFEST)?;
        let mut platforms = Vec::new();
        let mut left = LARGEST_TOTAL;
        if document.get("manifests").is_some() {
            let index: ImageIndex = store::document(store, &root, LARGEST_MANIFEST)?;
            let images: Vec<_> = index.manifests().iter().filter(|image| is_image(image)).collect();
            if !(1..=MOST_PLATFORMS).contains(&images.len()) {
                return Err(StoreError::NotAnImage(NotAnImage::Platforms(images.len())));
            }
            for image in images {
                let read = PlatformImage::read(store, image, &mut left)?;
                check_platform(image, &read.platform)?;
                platforms.push(read);
            }
        } else {
            platforms.push(PlatformImage::read(store, &root, &mut left)?);
        }
        platforms.sort_by(|a, b| a.platform.cmp(&b.platform));
        if let Some([one, _]) = platforms.array_windows().find(|[a, b]| a.platform == b.platform) {
            let twice = NotAnImage::SamePlatform(one.platform.clone());
            return Err(StoreError::NotAnImage(twice));
        }
        let annotations = root.annotations().as_ref();
        let name = NAMES.iter().find_map(|key| annotations?.get(*key).cloned());
        Ok(Self { name, digest: root.digest().clone(), root, platforms })
    }
}

/// Runtimes go by what the index says of an image, people by what the image says.
fn check_platform(image: &Descriptor, says: &str) -> Result<(), StoreError> {
    let Some(platform) = image.platform() else { return Ok(()) };
    let listed = format!("{}/{}", platform.os(), platform.architecture());
    // A variant is often told in one place only.
    if says.strip_prefix(&listed).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
        return Ok(());
    }
    let other = NotAnImage::OtherPlatform { listed, says: says.to_owned() };
    Err(StoreError::NotAnImage(other))
}

/// Others list attestations as images for a platform that nothing runs on. Whatever could be run is
/// an image, so that none is overlooked.
fn is_image(listed: &Descriptor) -> bool {
    let platform = listed.platform().as_ref();
    platform.is_none_or(|platform| platform.os().to_string() != "unknown")
}

/// The one compression of all layers.
fn compression(layers: &[Descriptor]) -> Option<Compression> {
    let mut found = layers.iter().map(|layer| Compression::from_media_type(layer.media_type()));
    let first = found.next()??;
    found.all(|other| other == Some(first)).then_some(first)
}

impl PlatformImage {
    fn read(store: &dyn Store, image: &Descriptor, left: &mut u64) -> Result<Self, StoreError> {
        let manifest: ImageManifest = store::document(store, image, LARGEST_MANIFEST)?;
        let largest = LARGEST_MANIFEST.min(*left);
        let config: Configuration = store::document(store, manifest.config(), largest)?;
        *left = left.saturating_sub(manifest.config().size());
        let layers = manifest.layers();
        let of_layers = layers.iter().map(Descriptor::size).fold(0, u64::saturating_add);
        let mut read = Self {
            digest: image.digest().clone(),
            manifest: image.clone(),
            platform: [Some(config.os), Some(config.architecture), config.variant]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join("/"),
            size: of_layers.saturating_add(image.size()).saturating_add(manifest.config().size()),
            created: config.created,
            labels: config.config.and_then(|config| config.labels).unwrap_or_default(),
            config: manifest.config().digest().clone(),
            layers: layers.iter().map(|layer| layer.digest().clone()).collect(),
            compression: compression(layers),
            sbom: None,
            provenance: None,
            vex: None,
        };
        // Anybody may attach more than there is time for: what may be of a kind that is known here
        // is looked at, what says so first.
        let mut referrers = store.referrers(image.digest())?;
        referrers.retain(|referrer| ReferrerKind::listed(referrer) != Some(ReferrerKind::Other));
        referrers.sort_by_key(|referrer| referrer.artifact_type().is_none());
        for referrer in referrers.iter().take(MOST_REFERRERS) {
            read.take(store, referrer, left)?;
        }
        Ok(read)
    }

    fn wants(&self, kind: ReferrerKind) -> bool {
        match kind {
            ReferrerKind::Sbom => self.sbom.is_none(),
            ReferrerKind::Statement => self.provenance.is_none() || self.vex.is_none(),
            ReferrerKind::Other => false,
        }
    }

    /// Keeps an attached document, if it is of a kind that is known here and the first of it.
    fn take(
        &mut self,
        store: &dyn Store,
        referrer: &Descriptor,
        left: &mut u64,
    ) -> Result<(), StoreError> {
        let listed = ReferrerKind::listed(referrer);
        if listed.is_some_and(|kind| !self.wants(kind)) {
            return Ok(());
        }
        let Some(manifest) = store::referrer(store, referrer, &self.digest)? else {
            return Ok(());
        };
        // Not every index of referrers says what they are.
        let kind = listed.unwrap_or_else(|| ReferrerKind::from_manifest(&manifest));
        let [document] = manifest.layers().as_slice() else { return Ok(()) };
        if !self.wants(kind) {
            return Ok(());
        }
        let bytes = store::bounded(store, document, LARGEST_DOCUMENT.min(*left))?;
        let kept = match kind {
            ReferrerKind::Sbom => &mut self.sbom,
            _ => match predicate_type(&bytes, &self.digest).as_deref() {
                Some(PROVENANCE) => &mut self.provenance,
                Some(VEX) => &mut self.vex,
                _ => return Ok(()),
            },
        };
        kept.get_or_insert(bytes);
        *left = left.saturating_sub(document.size());
        Ok(())
    }

    pub(crate) fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key).map(String::as_str)
    }

    /// The version of the engine.
    pub(crate) fn engine(&self) -> Option<&str> {
        self.label("org.opencontainers.image.version")
    }

    pub(crate) fn revision(&self) -> Option<&str> {
        self.label("org.opencontainers.image.revision")
    }

    /// The policies that the program reported; `None` where it was not asked.
    pub(crate) fn policies(&self) -> Option<Vec<Reported>> {
        serde_json::from_str(self.label(labels::POLICIES)?).ok()
    }

    /// The policy crates; `None` in what policy-builder has not labelled.
    pub(crate) fn crates(&self) -> Option<Vec<PlannedCrate>> {
        serde_json::from_str(self.label(labels::CRATES)?).ok()
    }

    /// What the policy crates may do while the program runs; `None` in what policy-builder has not
    /// labelled.
    pub(crate) fn grants(&self) -> Option<Vec<Grant>> {
        self.label(labels::CRATES)?;
        self.label(labels::GRANTS)
            .map_or(Some(Vec::new()), |grants| serde_json::from_str(grants).ok())
    }

    /// The number of components in the bill of materials.
    pub(crate) fn components(&self) -> Option<usize> {
        self.bom().map(|bom| bom.components.len())
    }

    /// What the image says of vulnerabilities, in OpenVEX's words: the advisory and the status of
    /// each.
    pub(crate) fn vulnerabilities(&self) -> Option<Vec<(String, String)>> {
        #[derive(Deserialize)]
        struct Outline {
            predicate: Document,
        }
        #[derive(Deserialize)]
        struct Document {
            statements: Vec<Told>,
        }
        #[derive(Deserialize)]
        struct Told {
            vulnerability: Vulnerability,
            status: String,
        }
        #[derive(Deserialize)]
        struct Vulnerability {
            name: String,
        }
        let Outline { predicate } = serde_json::from_slice(self.vex.as_deref()?).ok()?;
        let told = predicate.statements.into_iter();
        Some(told.map(|told| (told.vulnerability.name, told.status)).collect())
    }

    pub(super) fn bom(&self) -> Option<BillOfMaterials> {
        serde_json::from_slice(self.sbom.as_deref()?).ok()
    }

    /// The provenance, where a policy-builder wrote it.
    pub(super) fn statement(&self) -> Option<Statement> {
        let statement: Statement = serde_json::from_slice(self.provenance.as_deref()?).ok()?;
        let kind = &statement.predicate.build_definition.build_type;
        kind.starts_with(BUILD_TYPE).then_some(statement)
    }
}

/// The kind of an attached document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReferrerKind {
    Sbom,
    Statement,
    /// Nothing that is known here.
    Other,
}

impl ReferrerKind {
    fn from_type(artifact_type: &MediaType) -> Self {
        match artifact_type.as_ref() {
            SBOM => Self::Sbom,
            STATEMENT => Self::Statement,
            _ => Self::Other,
        }
    }

    /// The kind that a list of referrers gives, where it gives one.
    fn listed(referrer: &Descriptor) -> Option<Self> {
        referrer.artifact_type().as_ref().map(Self::from_type)
    }

    /// The kind that a manifest gives, by its configuration where it has no type of its own.
    fn from_manifest(manifest: &ImageManifest) -> Self {
        let own = manifest.artifact_type().as_ref();
        Self::from_type(own.unwrap_or_else(|| manifest.config().media_type()))
    }
}

/// The type of what a statement says of this image; `None` where it is about something else, which
/// anybody may attach to it.
fn predicate_type(bytes: &[u8], image: &Digest) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Outline {
        subject: Vec<crate::steps::provenance::statement::Resource>,
        predicate_type: String,
    }
    let outline: Outline = serde_json::from_slice(bytes).ok()?;
    let is_this = |digest: &BTreeMap<String, String>| {
        digest.get(image.algorithm().as_ref()).is_some_and(|found| found == image.digest())
    };
    let is_about_it = outline.subject.iter().any(|subject| is_this(&subject.digest));
    is_about_it.then_some(outline.predicate_type)
}

/// An error of reading an image's description.
#[derive(Debug, thiserror::Error)]
#[error("failed to read the image `{image}`: {error}")]
pub(crate) struct DescribeError {
    image: String,
    error: StoreError,
}

#[cfg(test)]
mod tests {
    use oci_spec::image::{Os, PlatformBuilder};

    use super::*;
    use crate::steps::image::pack::tests::sample_with_documents;

    #[test]
    fn image_platform_must_match_its_index_entry() {
        let mut image = sample_with_documents().root().unwrap();
        assert!(check_platform(&image, "linux/arm64").is_ok());
        let platform = PlatformBuilder::default().os(Os::Linux).architecture("arm64");
        image.set_platform(Some(platform.build().unwrap()));
        assert!(check_platform(&image, "linux/arm64").is_ok());
        assert!(check_platform(&image, "linux/arm64/v8").is_ok());
        for says in ["linux/amd64", "linux/arm64e"] {
            assert_eq!(
                check_platform(&image, says).unwrap_err().to_string(),
                format!(
                    "its image for `linux/arm64` says of itself that it is for `{says}`; \
                     expected an OCI image layout (a folder or an archive) or a Docker archive"
                )
            );
        }
    }
    #[test]
    fn documents_of_an_image_share_one_size_limit() {
        let image = sample_with_documents();
        let root = image.root().unwrap();
        let mut left = LARGEST_TOTAL;
        let read = PlatformImage::read(&image, &root, &mut left).unwrap();
        let kept = LARGEST_TOTAL - left;
        assert!(kept > read.sbom.unwrap().len() as u64);
        assert!(read.provenance.is_none());
        let error = PlatformImage::read(&image, &root, &mut 300).unwrap_err();
        assert!(error.to_string().contains(" bytes, expected at most "), "{error}");
    }
}
