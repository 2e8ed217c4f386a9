use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::described::PlatformImage;
use crate::steps::engine::POLICY_API;
use crate::steps::image::labels;
use crate::steps::provenance::materials::Role;
use crate::steps::provenance::statement::{Resource, Statement};

/// What facts are about: in this order they explain one another, so that what is first has caused
/// what comes after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    Builder,
    Compiler,
    Target,
    EngineFeatures,
    Engine,
    Api,
    Policy,
    PolicyCrate,
    SupportCrate,
    ThirdParty,
    Revision,
    Created,
    Label,
    Layer,
    Configuration,
}

impl fmt::Display for Kind {
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
            Self::SupportCrate => "support",
            Self::ThirdParty => "package",
            Self::Revision => "revision",
            Self::Created => "created",
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
pub(super) type Facts = BTreeMap<Kind, BTreeMap<String, Fact>>;

/// All that can be compared of an image.
pub(super) fn facts(image: &PlatformImage) -> Facts {
    let statement = image.statement();
    let mut facts = Facts::new();
    let mut say = |kind, name: &str, value: &str, source: Option<String>| {
        let fact = Fact { value: value.to_owned(), source };
        facts.entry(kind).or_default().insert(name.to_owned(), fact);
    };
    say(Kind::Configuration, "", image.config.as_ref(), None);
    for (place, layer) in image.layers.iter().enumerate() {
        say(Kind::Layer, &(place + 1).to_string(), layer.as_ref(), None);
    }
    if let Some(created) = &image.created {
        say(Kind::Created, "", created, None);
    }
    if let Some(revision) = image.revision() {
        say(Kind::Revision, "", revision, None);
    }
    for (key, value) in image.labels.iter().filter(|(key, _)| !is_told_otherwise(key)) {
        say(Kind::Label, key, value, None);
    }
    for it in image.policies().unwrap_or_default() {
        say(Kind::Policy, &it.name, &it.version, source_of(statement.as_ref(), &it.crate_name));
    }
    for it in image.crates().unwrap_or_default() {
        say(Kind::PolicyCrate, &it.name, &it.version, source_of(statement.as_ref(), &it.name));
    }
    if let Some(version) = image.engine() {
        say(Kind::Engine, "policy-engine", version, source_of(statement.as_ref(), "policy-engine"));
    }
    if let Some(statement) = &statement {
        of_statement(statement, &mut say);
    }
    if let Some(bom) = image.bom() {
        let third_party = bom.components.iter().filter(|it| it.role() == Some(Role::ThirdParty));
        let mut versions = BTreeMap::<_, Vec<_>>::new();
        for it in third_party {
            versions.entry(it.name.as_str()).or_default().push(it.version.as_str());
        }
        for (name, versions) in versions {
            say(Kind::ThirdParty, name, &versions.join(" and "), None);
        }
    }
    facts
}

fn of_statement(statement: &Statement, say: &mut impl FnMut(Kind, &str, &str, Option<String>)) {
    let definition = &statement.predicate.build_definition;
    for (name, version) in &statement.predicate.run_details.builder.version {
        say(Kind::Builder, name, version, None);
    }
    if let Some(rustc) = &definition.internal_parameters.rustc {
        say(Kind::Compiler, "", rustc, None);
    }
    say(Kind::Target, "", &definition.external_parameters.target, None);
    let features = definition.external_parameters.engine_features.join(",");
    say(Kind::EngineFeatures, "", if features.is_empty() { "none" } else { &features }, None);
    for it in &definition.resolved_dependencies {
        let Some(known) = &it.annotations else { continue };
        let kind = match Role::of_name(&known.role) {
            Some(Role::Support) => Kind::SupportCrate,
            Some(Role::Engine) if known.name == POLICY_API => Kind::Api,
            _ => continue,
        };
        say(kind, &known.name, &known.version, digest_of(it));
    }
}

/// The digest of a crate of the workspace: a dependency from elsewhere may have its name as well.
fn source_of(statement: Option<&Statement>, name: &str) -> Option<String> {
    let dependencies = &statement?.predicate.build_definition.resolved_dependencies;
    let is_it = |it: &&Resource| {
        it.annotations.as_ref().is_some_and(|known| {
            known.name == name && Role::of_name(&known.role) != Some(Role::ThirdParty)
        })
    };
    digest_of(dependencies.iter().find(is_it)?)
}

fn digest_of(it: &Resource) -> Option<String> {
    it.digest.iter().next().map(|(kind, digest)| format!("{kind}:{digest}"))
}

/// Whether facts of other kinds say the same as a label.
fn is_told_otherwise(key: &str) -> bool {
    [
        labels::CRATES,
        labels::POLICIES,
        "org.opencontainers.image.created",
        "org.opencontainers.image.revision",
        "org.opencontainers.image.version",
    ]
    .contains(&key)
}
