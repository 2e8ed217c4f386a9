use std::collections::BTreeMap;

use super::materials::{Material, Materials};
use super::package_url::package_url;
use super::statement::{
    Annotations, BuildDefinition, Builder, External, Internal, PROVENANCE, Provenance, Resource,
    RunDetails, STATEMENT, Statement,
};
use crate::steps::workspace::BuildPlan;
use policy_oci::image::Attachment;
use policy_oci::{Compression, Image, ImageError, SourceDate};

/// The type of builds in provenance, and the page that explains it.
pub(crate) const BUILD_TYPE: &str =
    "https://github.com/policy-engine/policy-engine/blob/main/engine/builder/provenance.md";
pub(super) const BUILDER: &str =
    "https://github.com/policy-engine/policy-engine/tree/main/engine/builder";

/// The parameters of a program's compilation and packing.
pub(crate) struct Parameters<'a> {
    pub(crate) plan: &'a BuildPlan,
    pub(crate) created: SourceDate,
    pub(crate) compression: Compression,
    /// The compiler, as it names itself; `None` where another tool compiled the program.
    pub(crate) rustc: Option<&'a str>,
    /// The program.
    pub(crate) binary: &'a [u8],
}

/// Writes the provenance of an image, as an in-toto statement with SLSA provenance. It is not
/// signed, and says nothing of the clock or the machine.
pub(crate) fn provenance(
    image: &Image,
    parameters: &Parameters<'_>,
    materials: &Materials,
) -> Result<Attachment, ImageError> {
    let Parameters { plan, created, compression, rustc, binary } = parameters;
    let mut dependencies: Vec<_> = materials.all.iter().map(of_crate).collect();
    dependencies.push(named("Cargo.lock", "sha256", &materials.lock));
    if let Some(commit) = plan.revision.as_deref().filter(|revision| is_commit(revision)) {
        dependencies.push(named("revision", "gitCommit", commit));
    }
    if rustc.is_none() {
        let digest = super::directory_hash::sha256(binary);
        dependencies.push(named("policy-engine", "sha256", &digest));
    }
    let what = if rustc.is_some() { "image" } else { "pack" };
    let statement = Statement {
        kind: STATEMENT.to_owned(),
        subject: vec![named(
            &image.name().short_name(),
            "sha256",
            image.manifest_digest().digest(),
        )],
        predicate_type: PROVENANCE.to_owned(),
        predicate: Provenance {
            build_definition: BuildDefinition {
                build_type: format!("{BUILD_TYPE}#{what}"),
                external_parameters: External {
                    target: plan.target.clone(),
                    engine_features: plan.features.clone(),
                    created: created.to_string(),
                    compression: Some(compression.to_string()),
                    revision: plan.revision.clone(),
                },
                internal_parameters: Internal {
                    engine: plan.engine.clone(),
                    rustc: rustc.map(str::to_owned),
                    profile: rustc.map(|_| "release".to_owned()),
                },
                resolved_dependencies: dependencies,
            },
            run_details: RunDetails {
                builder: Builder {
                    id: BUILDER.to_owned(),
                    version: BTreeMap::from([(
                        env!("CARGO_PKG_NAME").to_owned(),
                        env!("CARGO_PKG_VERSION").to_owned(),
                    )]),
                },
            },
        },
    };
    Attachment::statement(&statement, "provenance.intoto.json", PROVENANCE)
}

fn of_crate(material: &Material) -> Resource {
    Resource {
        name: material.place.as_ref().map_or(&material.id.name, |place| &place.folder).clone(),
        uri: Some(package_url(material)),
        digest: material
            .digest()
            .into_iter()
            .map(|(kind, material)| (kind.to_owned(), material))
            .collect(),
        annotations: Some(Annotations {
            name: material.id.name.clone(),
            version: material.id.version.clone(),
            role: material.role.name().to_owned(),
        }),
    }
}

fn named(name: &str, kind: &str, digest: &str) -> Resource {
    let digest = BTreeMap::from([(kind.to_owned(), digest.to_owned())]);
    Resource { name: name.to_owned(), digest, ..Resource::default() }
}

/// Checks whether a revision is a Git commit without changes.
fn is_commit(revision: &str) -> bool {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    matches!(revision.len(), 40 | 64) && revision.bytes().all(is_hex)
}
