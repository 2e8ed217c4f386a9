use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::described::PlatformImage;
use crate::steps::engine::POLICY_API;
use crate::steps::image::labels;
use crate::steps::provenance::materials::MaterialRole;
use crate::steps::provenance::statement::{Resource, Statement};

/// The subject of a fact. In this order they explain one another, so that what is first has caused
/// what comes after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FactKind {
    Builder,
    Compiler,
    Target,
    EngineFeatures,
    Engine,
    Api,
    Policy,
    PolicyCrate,
    Grant,
    SupportCrate,
    ThirdParty,
    Vulnerability,
    Revision,
    Created,
    Compression,
    Label,
    Layer,
    Configuration,
}

impl fmt::Display for FactKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Builder => "builder",
            Self::Compiler => "compiler",
            Self::Target => "target",
            Self::EngineFeatures => "features",
            Self::Engine => "engine",
            Self::Api => "api",
            Self::Policy => "policy",
            Self::PolicyCrate => "crate",
            Self::Grant => "grant",
            Self::SupportCrate => "support",
            Self::ThirdParty => "package",
            Self::Vulnerability => "vex",
            Self::Revision => "revision",
            Self::Created => "created",
            Self::Compression => "layers",
            Self::Label => "label",
            Self::Layer => "layer",
            Self::Configuration => "config",
        })
    }
}

/// One fact: mostly a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) value: String,
    /// The digest of its sources, where that is known.
    pub(super) source: Option<String>,
}

/// Facts by their names, such as policies' versions by the policies' names. A kind is only there
/// where the image says something of it.
pub(super) type Facts = BTreeMap<FactKind, BTreeMap<String, Fact>>;

/// All that can be compared of an image.
pub(super) fn facts(image: &PlatformImage) -> Facts {
    let statement = image.statement();
    let mut facts = Facts::new();
    if image.grants().is_some() {
        // No grants is a fact, too.
        facts.entry(FactKind::Grant).or_default();
    }
    let mut say = |kind, name: &str, value: &str, source: Option<String>| {
        let fact = Fact { value: value.to_owned(), source };
        facts.entry(kind).or_default().insert(name.to_owned(), fact);
    };
    say(FactKind::Configuration, "", image.config.as_ref(), None);
    for (place, layer) in image.layers.iter().enumerate() {
        say(FactKind::Layer, &(place + 1).to_string(), layer.as_ref(), None);
    }
    if let Some(compression) = image.compression {
        say(FactKind::Compression, "", compression.name(), None);
    }
    if let Some(created) = &image.created {
        say(FactKind::Created, "", created, None);
    }
    if let Some(revision) = image.revision() {
        say(FactKind::Revision, "", revision, None);
    }
    for (key, value) in image.labels.iter().filter(|(key, _)| !is_told_otherwise(key)) {
        say(FactKind::Label, key, value, None);
    }
    for policy in image.policies().unwrap_or_default() {
        say(
            FactKind::Policy,
            &policy.name,
            &policy.version,
            source_of(statement.as_ref(), &policy.crate_name),
        );
    }
    for policy_crate in image.crates().unwrap_or_default() {
        say(
            FactKind::PolicyCrate,
            &policy_crate.name,
            &policy_crate.version,
            source_of(statement.as_ref(), &policy_crate.name),
        );
    }
    for grant in image.grants().unwrap_or_default() {
        say(FactKind::Grant, &grant.to_string(), &grant.reason, None);
    }
    for (id, status) in image.vulnerabilities().unwrap_or_default() {
        say(FactKind::Vulnerability, &id, &status, None);
    }
    if let Some(version) = image.engine() {
        say(
            FactKind::Engine,
            "policy-engine",
            version,
            source_of(statement.as_ref(), "policy-engine"),
        );
    }
    if let Some(statement) = &statement {
        of_statement(statement, &mut say);
    }
    if let Some(bom) = image.bom() {
        let third_party = bom
            .components
            .iter()
            .filter(|component| component.role() == Some(MaterialRole::ThirdParty));
        let mut versions = BTreeMap::<_, Vec<_>>::new();
        for component in third_party {
            versions.entry(component.name.as_str()).or_default().push(component.version.as_str());
        }
        for (name, versions) in versions {
            say(FactKind::ThirdParty, name, &versions.join(" and "), None);
        }
    }
    facts
}

fn of_statement(statement: &Statement, say: &mut impl FnMut(FactKind, &str, &str, Option<String>)) {
    let definition = &statement.predicate.build_definition;
    for (name, version) in &statement.predicate.run_details.builder.version {
        say(FactKind::Builder, name, version, None);
    }
    if let Some(rustc) = &definition.internal_parameters.rustc {
        say(FactKind::Compiler, "", rustc, None);
    }
    say(FactKind::Target, "", &definition.external_parameters.target, None);
    let features = match definition.external_parameters.engine_features.as_slice() {
        [] => "default".to_owned(),
        asked => asked.join(","),
    };
    say(FactKind::EngineFeatures, "", &features, None);
    for resource in &definition.resolved_dependencies {
        let Some(known) = &resource.annotations else { continue };
        let kind = match MaterialRole::from_name(&known.role) {
            Some(MaterialRole::Support) => FactKind::SupportCrate,
            Some(MaterialRole::Engine) if known.name == POLICY_API => FactKind::Api,
            _ => continue,
        };
        say(kind, &known.name, &known.version, digest_of(resource));
    }
}

/// The digest of a crate of the workspace: a dependency from elsewhere may have its name as well.
fn source_of(statement: Option<&Statement>, name: &str) -> Option<String> {
    let dependencies = &statement?.predicate.build_definition.resolved_dependencies;
    let is_it = |resource: &&Resource| {
        resource.annotations.as_ref().is_some_and(|known| {
            known.name == name
                && MaterialRole::from_name(&known.role) != Some(MaterialRole::ThirdParty)
        })
    };
    digest_of(dependencies.iter().find(is_it)?)
}

fn digest_of(resource: &Resource) -> Option<String> {
    resource.digest.iter().next().map(|(kind, digest)| format!("{kind}:{digest}"))
}

/// Checks whether facts of other kinds say the same as a label.
fn is_told_otherwise(key: &str) -> bool {
    [
        labels::CRATES,
        labels::GRANTS,
        labels::POLICIES,
        "org.opencontainers.image.created",
        "org.opencontainers.image.revision",
        "org.opencontainers.image.version",
    ]
    .contains(&key)
}
