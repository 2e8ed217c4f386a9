use oci_spec::image::{Descriptor, Digest};

use super::documents::{DOCUMENTS, DocumentKind};
use super::error::SignatureError;
use crate::audit::Described;
use policy_oci::SourceDate;
use policy_oci::store::{self, MOST_REFERRERS, Store, StoreError};
use policy_signing::{Bundle, BundleError};

/// What the type of a bundle begins with, whatever its version.
const BUNDLES: &str = "application/vnd.dev.sigstore.bundle";
/// The size limit of a document or a bundle, and of all of them together.
const LARGEST_DOCUMENT: u64 = 96 << 20;
const LARGEST_TOTAL: u64 = 512 << 20;

/// The manifests of an image, with what refers to each.
#[derive(Debug)]
pub(crate) struct Parts {
    /// The manifest that the image is named by, or the index of several platforms.
    pub(crate) root: Part,
    /// The images of an index.
    pub(crate) platforms: Vec<Part>,
}

/// A manifest or an index, with what refers to it.
#[derive(Debug)]
pub(crate) struct Part {
    pub(super) descriptor: Descriptor,
    /// The platform, where it is one of several.
    pub(crate) platform: Option<String>,
    pub(super) created: SourceDate,
    pub(super) documents: Vec<FoundDocument>,
    pub(crate) bundles: Vec<FoundBundle>,
    /// The referrers of other kinds, by digest and type.
    pub(super) others: Vec<(Digest, Option<String>)>,
    /// The number of all referrers, of which [`MOST_REFERRERS`] are looked at.
    pub(super) listed: usize,
}

/// A document that refers to a part.
#[derive(Debug)]
pub(super) struct FoundDocument {
    pub(super) kind: &'static DocumentKind,
    /// The digest of its manifest.
    pub(super) digest: Digest,
    pub(super) bytes: Vec<u8>,
}

/// A bundle that refers to a part.
#[derive(Debug)]
pub(crate) struct FoundBundle {
    /// The digest of its manifest.
    pub(crate) digest: Digest,
    pub(crate) read: Result<Bundle, BundleError>,
}

impl Parts {
    /// Reads what refers to an image and to its platforms' images.
    pub(crate) fn read(store: &dyn Store, image: &Described) -> Result<Self, StoreError> {
        let mut left = LARGEST_TOTAL;
        let created = |text: Option<&str>| text.and_then(SourceDate::written);
        let dates = image.platforms.iter().map(|image| created(image.created.as_deref()));
        let latest = dates.flatten().max_by_key(ToString::to_string).unwrap_or_default();
        let root = Part::read(store, &image.root, None, latest, &mut left)?;
        let mut platforms = Vec::new();
        for found in image.platforms.iter().filter(|found| found.digest != image.digest) {
            let date = created(found.created.as_deref()).unwrap_or_default();
            let platform = Some(found.platform.clone());
            platforms.push(Part::read(store, &found.manifest, platform, date, &mut left)?);
        }
        Ok(Self { root, platforms })
    }

    /// The root and the platforms' images.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Part> {
        [&self.root].into_iter().chain(&self.platforms)
    }
}

impl Part {
    fn read(
        store: &dyn Store,
        descriptor: &Descriptor,
        platform: Option<String>,
        created: SourceDate,
        left: &mut u64,
    ) -> Result<Self, StoreError> {
        let mut referrers = store.referrers(descriptor.digest())?;
        let mut part = Self {
            descriptor: descriptor.clone(),
            platform,
            created,
            documents: Vec::new(),
            bundles: Vec::new(),
            others: Vec::new(),
            listed: referrers.len(),
        };
        // What is of a kind that is known here, and then what may be.
        referrers.sort_by_key(|referrer| match referrer.artifact_type() {
            Some(kind) if is_known(kind.as_ref()) => 0,
            None => 1,
            Some(_) => 2,
        });
        for referrer in referrers.iter().take(MOST_REFERRERS) {
            part.take(store, referrer, left)?;
        }
        Ok(part)
    }

    /// Checks that no referrer is hidden by others.
    pub(super) fn check_count(&self) -> Result<(), SignatureError> {
        if self.listed <= MOST_REFERRERS {
            return Ok(());
        }
        let (subject, count, most) = (self.digest().to_string(), self.listed, MOST_REFERRERS);
        Err(SignatureError::Many { subject, count, most })
    }

    pub(crate) fn digest(&self) -> &Digest {
        self.descriptor.digest()
    }

    fn take(
        &mut self,
        store: &dyn Store,
        referrer: &Descriptor,
        left: &mut u64,
    ) -> Result<(), StoreError> {
        let listed = referrer.artifact_type().as_ref().map(ToString::to_string);
        let digest = || referrer.digest().clone();
        if listed.as_deref().is_some_and(|kind| !is_known(kind)) {
            self.others.push((digest(), listed));
            return Ok(());
        }
        let Some(manifest) = store::referrer(store, referrer, self.digest())? else {
            return Ok(());
        };
        let own = manifest.artifact_type().as_ref().unwrap_or(manifest.config().media_type());
        let kind = own.to_string();
        let (true, [document]) = (is_known(&kind), manifest.layers().as_slice()) else {
            self.others.push((digest(), Some(kind)));
            return Ok(());
        };
        let bytes = store::bounded(store, document, LARGEST_DOCUMENT.min(*left))?;
        *left = left.saturating_sub(document.size());
        if kind.starts_with(BUNDLES) {
            self.bundles.push(FoundBundle { digest: digest(), read: Bundle::parse(&bytes) });
        } else if let Some(kind) = DocumentKind::find(&kind, &bytes) {
            self.documents.push(FoundDocument { kind, digest: digest(), bytes });
        } else {
            self.others.push((digest(), Some(kind)));
        }
        Ok(())
    }
}

fn is_known(artifact_type: &str) -> bool {
    artifact_type.starts_with(BUNDLES)
        || DOCUMENTS.iter().any(|kind| kind.artifact_type == artifact_type)
}
