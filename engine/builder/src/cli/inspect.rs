use std::fmt::Write;

use serde::Serialize;
use serde_json::{Value, json};

use super::Failure;
use super::format::Format;
use super::options::RegistryArgs;
use crate::audit::{Described, PlatformImage};
use crate::cli::report::megabytes;
use crate::signatures::{self, FoundBundle, Part, Parts, SignatureError};
use policy_text::escape_line;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: policy-builder inspect policy-engine.tar")]
pub(super) struct Inspect {
    /// An archive, the folder of an OCI image layout, or a reference to a registry
    #[arg(value_name = "IMAGE")]
    image: String,
    #[command(flatten)]
    registry: RegistryArgs,
    /// The format of the output: text for people or JSON for programs
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Prints the bill of materials as it is attached, and nothing else
    #[arg(long, conflicts_with_all = ["provenance", "format"])]
    sbom: bool,
    /// Prints the provenance as it is attached, and nothing else
    #[arg(long, conflicts_with = "format")]
    provenance: bool,
    /// Prints the OpenVEX document with its in-toto statement as it is attached, and nothing else
    #[arg(long, conflicts_with_all = ["sbom", "provenance", "format"])]
    vex: bool,
    /// The platform to print the document of, such as `linux/arm64`, where there are several
    #[arg(long, value_name = "PLATFORM")]
    platform: Option<String>,
}

impl Inspect {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let (store, mut image) = Described::open_with_store(&self.image, self.registry.options())?;
        if let Some(platform) = &self.platform {
            let known = image.platforms.iter().map(|image| image.platform.clone()).collect();
            image.platforms.retain(|image| image.platform == *platform);
            if image.platforms.is_empty() {
                let (image, platform) = (self.image.clone(), platform.clone());
                return Err(Failure::NoPlatform { image, platform, known });
            }
        }
        if self.sbom {
            return self.print_document(&image, "bill of materials", |image| image.sbom.as_deref());
        }
        if self.provenance {
            return self.print_document(&image, "provenance", |image| image.provenance.as_deref());
        }
        if self.vex {
            return self.print_document(&image, "OpenVEX document", |image| image.vex.as_deref());
        }
        let parts = Parts::read(store.as_ref(), &image).map_err(|error| SignatureError::Read {
            image: self.image.clone(),
            error: Box::new(error),
        })?;
        let mut signatures: Vec<_> = parts.all().flat_map(ClaimedSignature::of_part).collect();
        // The image first, and the same order wherever the image is.
        signatures.sort_by_key(|signature| {
            let is_image = signature.of.as_deref() == Some("image");
            (!is_image, signature.platform.clone(), signature.of.clone(), signature.bundle.clone())
        });
        self.format.print(&to_json(&image, &signatures), || to_text(&image, &signatures))
    }

    /// Prints the document of the one platform.
    fn print_document(
        &self,
        image: &Described,
        what: &'static str,
        of: impl Fn(&PlatformImage) -> Option<&[u8]>,
    ) -> Result<(), Failure> {
        let [platform] = image.platforms.as_slice() else {
            let platforms = image.platforms.iter().map(|image| image.platform.clone()).collect();
            return Err(Failure::SeveralPlatforms { image: self.image.clone(), platforms });
        };
        let document = of(platform);
        let document =
            document.ok_or_else(|| Failure::NotAttached { image: self.image.clone(), what })?;
        super::print_document(document)?;
        super::print("\n")
    }
}

fn to_json(image: &Described, signatures: &[ClaimedSignature]) -> Value {
    let of_platform = |image: &PlatformImage| {
        json!({
            "platform": image.platform,
            "digest": image.digest.to_string(),
            "size": image.size,
            "created": image.created,
            "revision": image.revision(),
            "engine": image.engine(),
            "policies": image.policies(),
            "crates": image.crates(),
            "grants": image.grants(),
            "components": image.components(),
            "sbom": image.sbom.is_some(),
            "provenance": image.provenance.is_some(),
            "vex": image.vex.is_some(),
        })
    };
    json!({
        "name": image.name,
        "digest": image.digest.to_string(),
        "platforms": image.platforms.iter().map(of_platform).collect::<Vec<_>>(),
        "signatures": signatures,
    })
}

fn to_text(image: &Described, signatures: &[ClaimedSignature]) -> String {
    let mut text = String::new();
    let mut line = |key: &str, value: &str| {
        let _ = writeln!(text, "{key:<10} {}", escape_line(value));
    };
    if let Some(name) = &image.name {
        line("image", name);
    }
    line("digest", image.digest.as_ref());
    for found in &image.platforms {
        line("platform", &format!("{}, {}", found.platform, megabytes(found.size)));
        if found.digest != image.digest {
            line("", found.digest.as_ref());
        }
        line("created", found.created.as_deref().unwrap_or("not told"));
        line("revision", found.revision().unwrap_or("not told"));
        line("engine", found.engine().unwrap_or("not told"));
        match (found.policies(), found.crates()) {
            (Some(policies), _) => {
                for policy in policies {
                    line(
                        "policy",
                        &format!("{} {} ({})", policy.name, policy.version, policy.crate_name),
                    );
                }
            }
            (None, Some(crates)) => {
                for policy_crate in crates {
                    line("crate", &format!("{} {}", policy_crate.name, policy_crate.version));
                }
            }
            (None, None) => line("policies", "not told: policy-builder did not label this image"),
        }
        for grant in found.grants().unwrap_or_default() {
            line("grant", &format!("{grant}; {}", grant.reason));
        }
        let sbom = found.components().map(|count| format!("{count} components, CycloneDX"));
        line("sbom", sbom.as_deref().unwrap_or("none attached"));
        let provenance = if found.provenance.is_some() { "SLSA v1" } else { "none attached" };
        line("provenance", provenance);
        for (id, status) in found.vulnerabilities().unwrap_or_default() {
            line("vex", &format!("{id}: {status}"));
        }
    }
    if signatures.is_empty() {
        line("signatures", "none attached");
    }
    for signature in signatures {
        line("signature", &signature.to_text());
    }
    text
}

/// A signature as it says of itself: who made it is checked by `verify --key` alone.
#[derive(Debug, Serialize)]
struct ClaimedSignature {
    /// The digest of the bundle's manifest.
    bundle: String,
    /// The digest of what it refers to.
    subject: String,
    /// The platform of that, where it is one of several.
    platform: Option<String>,
    /// What is signed, by its name or by the type of the statement.
    of: Option<String>,
    /// The signer that it names.
    by: Option<String>,
    /// The reason why it cannot be read.
    error: Option<String>,
}

impl ClaimedSignature {
    fn of_part(part: &Part) -> impl Iterator<Item = Self> {
        part.bundles.iter().map(|found| Self::new(part, found))
    }

    fn new(part: &Part, found: &FoundBundle) -> Self {
        let bundle = found.read.as_ref();
        let statement = bundle.map(|bundle| bundle.claimed().predicate_type()).ok();
        Self {
            bundle: found.digest.to_string(),
            subject: part.digest().to_string(),
            platform: part.platform.clone(),
            of: statement.map(|kind| signatures::name_of(kind).to_owned()),
            by: bundle.map(|bundle| bundle.signer().to_string()).ok(),
            error: bundle.err().map(ToString::to_string),
        }
    }

    fn to_text(&self) -> String {
        let of_platform = self.platform.iter().map(|platform| format!(" for {platform}"));
        let of_platform: String = of_platform.collect();
        if let (Some(of), Some(by)) = (&self.of, &self.by) {
            return format!("{of}{of_platform}, by {by} (not checked)");
        }
        let error = self.error.as_deref().unwrap_or_default();
        format!("{}{of_platform} cannot be read: {error}", self.bundle)
    }
}
