use std::path::Path;

use super::described::{Described, PlatformImage};
use super::difference::Difference;
use crate::steps::compile::Profile;
use crate::steps::features::Features;
use crate::steps::image::Built;
use crate::steps::image::ImageOptions;
use crate::steps::image::labels;
use crate::steps::resolve::policies_lock::Locked;
use crate::steps::{Build, BuildError, BuildOptions, TargetChoice};
use policy_cargo::Target;
use policy_host::progress::Progress;
use policy_oci::image::IndexError;
use policy_oci::store::StoreError;
use policy_oci::{Image, ImageError, MultiPlatform, Reference, ReferenceError, SourceDate};

/// From what an image is built again, and where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sources<'a> {
    pub(crate) policies: &'a Path,
    pub(crate) engine: Option<&'a Path>,
    pub(crate) work_dir: Option<&'a Path>,
    /// The distance that a build may keep from `policies.lock`.
    pub(crate) locked: Locked,
}

/// The options that an image was built with, as far as it says so itself.
struct Recorded {
    target: Option<String>,
    features: Features,
    created: SourceDate,
    revision: Option<String>,
}

/// Builds an image again, each of its platforms, and compares the digests.
pub(crate) fn verify(
    image: &str,
    there: &Described,
    sources: &Sources<'_>,
    progress: &Progress,
) -> Result<(), VerifyError> {
    let name: Reference = "policy-engine:latest".parse()?;
    let mut platforms = Vec::new();
    for platform in &there.platforms {
        platforms.push((platform, Recorded::read(image, platform, progress)?));
    }
    // What this machine's own program reports stands for what those report that do not start here.
    platforms.sort_by_key(|(_, recorded)| !recorded.runs_here());
    let mut first: Option<Built> = None;
    let mut images = Vec::new();
    for (image_there, recorded) in &platforms {
        // An image that was made alone where its program does not start says nothing of that.
        let is_told = image_there.label(labels::POLICIES).is_some();
        let other = first.as_ref().filter(|_| is_told);
        let other = other.and_then(|first| first.program.reported.as_deref());
        let options = recorded.options(sources);
        let built = Build::new(&options, progress)?.run(other)?;
        let Some(built) = built.into_iter().next() else { continue };
        let packing = ImageOptions {
            name: name.clone(),
            created: recorded.created,
            compression: image_there.compression.unwrap_or_default(),
        };
        let packed = progress.phase("pack", &image_there.platform, || built.pack(&packing))?;
        if *packed.manifest_digest() != image_there.digest {
            let here = Described::read(&packed).map_err(VerifyError::Packed)?;
            let of_here = here.platforms.first();
            let why =
                of_here.map(|here| Difference::between_platforms(image_there, here).to_string());
            return Err(Mismatch {
                image: image.to_owned(),
                platform: image_there.platform.clone(),
                there: image_there.digest.to_string(),
                here: here.digest.to_string(),
                why: why.unwrap_or_default().trim_end().to_owned(),
            }
            .into());
        }
        images.push(packed);
        first.get_or_insert(built);
    }
    check_index(image, there, &images)
}

/// Compares the digest of what joins the images of several platforms.
pub(super) fn check_index(
    image: &str,
    there: &Described,
    images: &[Image],
) -> Result<(), VerifyError> {
    if there.platforms.iter().any(|platform| platform.digest == there.digest) {
        return Ok(());
    }
    let joined = MultiPlatform::from_images(images)?;
    if *joined.digest() == there.digest {
        return Ok(());
    }
    Err(VerifyError::Index {
        image: image.to_owned(),
        there: there.digest.to_string(),
        here: joined.digest().to_string(),
    })
}

impl Recorded {
    fn runs_here(&self) -> bool {
        self.target.as_deref().is_none_or(|triple| Target::new(triple).runs_here())
    }

    fn read(name: &str, image: &PlatformImage, progress: &Progress) -> Result<Self, VerifyError> {
        let image_name = || name.to_owned();
        let created = |text: &str| {
            let not_written =
                || VerifyError::Created { image: image_name(), created: text.to_owned() };
            SourceDate::written(text).ok_or_else(not_written)
        };
        if let Some(statement) = image.statement() {
            let external = statement.predicate.build_definition.external_parameters;
            return Ok(Self {
                target: Some(external.target),
                features: Features::new(external.engine_features),
                created: created(&external.created)?,
                revision: external.revision,
            });
        }
        if image.crates().is_none() {
            return Err(VerifyError::Foreign(image_name()));
        }
        progress.line(&format!(
            "note: the image for {} has no provenance of policy-builder, so it is built by its \
             labels, for the default target and with the default parts of the engine",
            image.platform
        ));
        // As nixpkgs' dockerTools writes UTC.
        let date = image.created.as_deref().unwrap_or_default().replace("+00:00", "Z");
        Ok(Self {
            target: None,
            features: Features::default(),
            created: created(&date)?,
            revision: image.revision().map(str::to_owned),
        })
    }

    fn options<'a>(&'a self, sources: &Sources<'a>) -> BuildOptions<'a> {
        BuildOptions {
            policies: sources.policies,
            engine: sources.engine,
            engine_features: &self.features,
            targets: TargetChoice::Triple(self.target.as_deref()),
            revision: Some(self.revision.as_deref().unwrap_or_default()),
            work_dir: sources.work_dir,
            profile: Profile::Release,
            locked: sources.locked,
            // What is only compared is run by nobody.
            vet: None,
        }
    }
}

/// An error of verifying an image.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VerifyError {
    #[error(transparent)]
    Mismatch(Box<Mismatch>),
    #[error(
        "the image `{0}` says neither in provenance nor in labels what it was made from\nhelp: \
         name an image of `policy-builder image`"
    )]
    Foreign(String),
    #[error(
        "the image `{image}` has the date `{created}`, expected one as `policy-builder image` \
         writes it, such as `1970-01-01T00:00:00Z`"
    )]
    Created { image: String, created: String },
    #[error(
        "the images for the platforms of `{image}` match these sources, but the index that joins \
         them does not: found `{there}`, expected `{here}`\nhelp: write the index with \
         `policy-builder image --platform` or `policy-builder index`"
    )]
    Index { image: String, there: String, here: String },
    #[error(transparent)]
    Join(#[from] IndexError),
    #[error("failed to read the image that was built: {0}")]
    Packed(StoreError),
    #[error(transparent)]
    Name(#[from] ReferenceError),
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    Pack(#[from] ImageError),
}

/// An image is not what the sources give.
#[derive(Debug, thiserror::Error)]
#[error(
    "the image `{image}` is not what these sources give for {platform}: it is `{there}`, and built \
     here it is `{here}`; from the image to the one built here, this differs:\n{why}"
)]
pub(crate) struct Mismatch {
    image: String,
    platform: String,
    there: String,
    here: String,
    why: String,
}

impl From<Mismatch> for VerifyError {
    fn from(mismatch: Mismatch) -> Self {
        Self::Mismatch(Box::new(mismatch))
    }
}
