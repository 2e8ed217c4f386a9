use std::fmt::Write;

use serde_json::{Value, json};

use super::Failure;
use super::format::Format;
use super::options::RegistryArgs;
use crate::audit::{Described, PlatformImage};
use crate::cli::report::megabytes;
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
        let mut image = Described::open(&self.image, self.registry.options())?;
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
        self.format.print(&to_json(&image), || to_text(&image))
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

fn to_json(image: &Described) -> Value {
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
    })
}

fn to_text(image: &Described) -> String {
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
        let provenance =
            if found.provenance.is_some() { "SLSA v1, unsigned" } else { "none attached" };
        line("provenance", provenance);
        for (id, status) in found.vulnerabilities().unwrap_or_default() {
            line("vex", &format!("{id}: {status}"));
        }
    }
    text
}
