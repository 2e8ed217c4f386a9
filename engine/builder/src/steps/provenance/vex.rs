//! What known vulnerabilities mean for an image: an in-toto statement whose predicate is an OpenVEX
//! document (<https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md>), as scanners look for it
//! beside an image.

use std::collections::BTreeMap;

use oci_spec::OciSpecError;
use serde::Serialize;

use super::directory_hash::sha256;
use super::materials::Materials;
use super::package_url::{encoded, package_url};
use super::predicate::BUILDER;
use super::statement::{Resource, STATEMENT, Statement};
use crate::steps::vet::AllowedVulnerability;
use crate::steps::workspace::AdvisoryStatus;
use policy_oci::image::Attachment;
use policy_oci::{Image, ImageError, SourceDate};

/// The type of the predicate, which is the document's context, too.
pub(crate) const VEX: &str = "https://openvex.dev/ns/v0.2.0";
/// What the specification's own tools put before the digest that identifies a document.
const ID: &str = "https://openvex.dev/docs/public/vex-";
/// Where advisories have their pages.
const ADVISORIES: &str = "https://rustsec.org/advisories";

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "@context")]
    context: &'static str,
    #[serde(rename = "@id")]
    id: String,
    /// The builder, which writes down what `policies.toml` says.
    author: &'static str,
    timestamp: String,
    version: u32,
    tooling: String,
    statements: Vec<VexStatement<'a>>,
}

#[derive(Serialize)]
struct VexStatement<'a> {
    vulnerability: Vulnerability<'a>,
    products: [Product; 1],
    status: AdvisoryStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    impact_statement: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action_statement: Option<&'a str>,
}

#[derive(Serialize)]
struct Vulnerability<'a> {
    #[serde(rename = "@id")]
    id: String,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    aliases: &'a [String],
}

#[derive(Serialize)]
struct Product {
    #[serde(rename = "@id")]
    id: String,
    subcomponents: [Subcomponent; 1],
}

#[derive(Serialize)]
struct Subcomponent {
    #[serde(rename = "@id")]
    id: String,
}

/// Writes what the vulnerabilities that were let pass mean for an image; nothing where there are
/// none, as a document says something.
pub(crate) fn vex(
    image: &Image,
    created: SourceDate,
    materials: &Materials,
    allowed: &[AllowedVulnerability],
) -> Result<Option<Attachment>, ImageError> {
    if allowed.is_empty() {
        return Ok(None);
    }
    let name = image.name().short_name();
    let digest = image.manifest_digest();
    let product = image_url(&name, digest.as_ref());
    let statements: Vec<_> =
        allowed.iter().map(|allowed| statement(allowed, &product, materials)).collect();
    let contents = serde_json::to_vec(&statements).map_err(OciSpecError::from)?;
    let document = Document {
        context: VEX,
        id: format!("{ID}{}", sha256(&contents)),
        author: BUILDER,
        timestamp: created.to_string(),
        version: 1,
        tooling: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).to_owned(),
        statements,
    };
    let subject = Resource {
        name,
        uri: Some(product),
        digest: BTreeMap::from([("sha256".to_owned(), digest.digest().to_owned())]),
        annotations: None,
    };
    let statement = Statement {
        kind: STATEMENT.to_owned(),
        subject: vec![subject],
        predicate_type: VEX.to_owned(),
        predicate: document,
    };
    Attachment::statement(&statement, "vex.intoto.json", VEX).map(Some)
}

fn statement<'a>(
    allowed: &'a AllowedVulnerability,
    product: &str,
    materials: &Materials,
) -> VexStatement<'a> {
    let AllowedVulnerability { id, aliases, title, package, status, reason } = allowed;
    // With the source where it is not crates.io, as the bill of materials has it.
    let material = materials.all.iter().find(|material| material.id == *package);
    let component = material.map_or_else(
        || format!("pkg:cargo/{}@{}", package.name, encoded(&package.version)),
        package_url,
    );
    let is_affected = *status == AdvisoryStatus::Affected;
    VexStatement {
        vulnerability: Vulnerability {
            id: format!("{ADVISORIES}/{id}.html"),
            name: id,
            description: title.as_deref(),
            aliases,
        },
        products: [Product {
            id: product.to_owned(),
            subcomponents: [Subcomponent { id: component }],
        }],
        status: *status,
        impact_statement: (!is_affected).then_some(reason),
        action_statement: is_affected.then_some(reason),
    }
}

/// The package URL of an image: its type is `oci`, the name the last part of the repository's, and
/// the version the digest. Without a repository it is the image wherever it lies.
fn image_url(name: &str, digest: &str) -> String {
    let name = name.rsplit('/').next().unwrap_or(name);
    format!("pkg:oci/{name}@{}", digest.replace(':', "%3A"))
}
