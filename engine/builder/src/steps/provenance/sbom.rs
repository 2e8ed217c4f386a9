//! A bill of materials in CycloneDX 1.6 (<https://cyclonedx.org/docs/1.6/json/>), as far as it is
//! used here.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::directory_hash::sha256;
use super::materials::{Material, MaterialRole, Materials};
use super::package_url::package_url;
use super::predicate::Parameters;
use crate::steps::engine::PROGRAM;
use crate::steps::self_check::Reported;
use policy_cargo::{LinkedPackage, PackageId};
use policy_oci::ImageError;
use policy_oci::image::Attachment;

/// The property that says what a component is there for.
const ROLE: &str = "policy-engine:role";
/// The property that names a policy which a component registers, as `NAME@VERSION`.
const POLICY: &str = "policy-engine:policy";
/// The component that stands for Rust's standard library, which comes with the compiler.
const STANDARD_LIBRARY: &str = "rust-std";

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BillOfMaterials {
    bom_format: String,
    spec_version: String,
    version: u32,
    metadata: BomMetadata,
    pub(crate) components: Vec<Component>,
    #[serde(default)]
    dependencies: Vec<Dependencies>,
}

#[derive(Debug, Serialize, Deserialize)]
struct BomMetadata {
    /// The image's date: nothing here depends on the clock.
    #[serde(default)]
    timestamp: Option<String>,
    #[serde(default)]
    tools: Option<Tools>,
    component: Component,
}

#[derive(Debug, Serialize, Deserialize)]
struct Tools {
    components: Vec<Component>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Component {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bom_ref: Option<String>,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) version: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    licenses: Vec<License>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    purl: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Hash {
    alg: String,
    content: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct License {
    expression: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Property {
    name: String,
    value: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dependencies {
    #[serde(rename = "ref")]
    of: String,
    #[serde(default)]
    depends_on: Vec<String>,
}

impl Component {
    /// The purpose of the component; `None` where policy-builder did not write it.
    pub(crate) fn role(&self) -> Option<MaterialRole> {
        let role = self.properties.iter().find(|property| property.name == ROLE)?;
        MaterialRole::from_name(&role.value)
    }
}

/// Writes the bill of materials of a program.
pub(crate) fn sbom(
    parameters: &Parameters<'_>,
    materials: &Materials,
    linked: &[LinkedPackage],
    reported: &[Reported],
) -> Result<Attachment, ImageError> {
    let known: BTreeMap<_, _> =
        materials.all.iter().map(|material| (&material.id, material)).collect();
    let reference = |id: &PackageId| known.get(id).map(|known| package_url(known));
    let mut program = Component::default();
    let mut components = Vec::new();
    let mut dependencies = Vec::new();
    for package in linked {
        let Some(material) = known.get(&package.id) else { continue };
        let component = component(material, package, reported);
        let mut used: BTreeSet<_> = package.dependencies.iter().filter_map(reference).collect();
        if package.id.name == PROGRAM && package.id.source.is_none() {
            used.extend(parameters.rustc.map(|_| STANDARD_LIBRARY.to_owned()));
            program = of_program(component, parameters);
        } else {
            components.push(component);
        }
        dependencies.push(Dependencies {
            of: package_url(material),
            depends_on: used.into_iter().collect(),
        });
    }
    components.extend(parameters.rustc.map(standard_library));
    Attachment::sbom(&BillOfMaterials {
        bom_format: "CycloneDX".to_owned(),
        spec_version: "1.6".to_owned(),
        version: 1,
        metadata: BomMetadata {
            timestamp: Some(parameters.created.to_string()),
            tools: Some(Tools { components: vec![builder()] }),
            component: program,
        },
        components,
        dependencies,
    })
}

fn component(material: &Material, linked: &LinkedPackage, reported: &[Reported]) -> Component {
    let url = package_url(material);
    let mut properties = vec![property(ROLE, material.role.name().to_owned())];
    if material.role == MaterialRole::Policy {
        let own = reported.iter().filter(|policy| policy.crate_name == material.id.name);
        let named = own.map(|policy| format!("{}@{}", policy.name, policy.version));
        properties.extend(named.map(|policy| property(POLICY, policy)));
    }
    Component {
        kind: "library".to_owned(),
        bom_ref: Some(url.clone()),
        name: material.id.name.clone(),
        version: material.id.version.clone(),
        hashes: material.sha256().map(hash).into_iter().collect(),
        licenses: linked.license.as_deref().map(license).into_iter().collect(),
        purl: Some(url),
        properties,
    }
}

/// The program's own crate, as what the whole document is about.
fn of_program(component: Component, parameters: &Parameters<'_>) -> Component {
    let mut properties = component.properties;
    properties.push(property("policy-engine:target", parameters.plan.target.clone()));
    Component {
        kind: "application".to_owned(),
        name: "policy-engine".to_owned(),
        hashes: vec![hash(sha256(parameters.binary))],
        properties,
        ..component
    }
}

/// `rustc` is the compiler's words on its version: `rustc 1.95.0 (…)`.
fn standard_library(rustc: &str) -> Component {
    Component {
        kind: "library".to_owned(),
        bom_ref: Some(STANDARD_LIBRARY.to_owned()),
        name: STANDARD_LIBRARY.to_owned(),
        version: rustc.split(' ').nth(1).unwrap_or(rustc).to_owned(),
        properties: vec![property(ROLE, "toolchain".to_owned())],
        ..Component::default()
    }
}

fn builder() -> Component {
    Component {
        kind: "application".to_owned(),
        name: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..Component::default()
    }
}

fn hash(sha256: String) -> Hash {
    Hash { alg: "SHA-256".to_owned(), content: sha256 }
}

/// Old manifests have `/` for `OR`.
fn license(text: &str) -> License {
    let parts: Vec<_> = text.split('/').map(str::trim).collect();
    License { expression: parts.join(" OR ") }
}

fn property(name: &str, value: String) -> Property {
    Property { name: name.to_owned(), value }
}
