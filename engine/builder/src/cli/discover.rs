use std::fmt::Write;

use serde::Serialize;

use super::Failure;
use super::format::Format;
use super::options::Inputs;
use crate::steps::discover::{Policies, PolicyCrate, Role};
use crate::steps::engine::Engine;
use policy_cargo::Source;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: policy-builder discover --policies ./policies --format json")]
pub(super) struct Discover {
    #[command(flatten)]
    inputs: Inputs,
    /// The format of the output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

impl Discover {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let engine = Engine::locate(self.inputs.engine.as_deref())?;
        let policies = Policies::discover(&self.inputs.policies, &engine)?;
        let of_role = |role| policies.of_role(role).map(Listed::new).collect::<Vec<_>>();
        let (found, support) = (of_role(Role::Policy), of_role(Role::Support));
        let document = serde_json::json!({ "policies": found, "support": support });
        self.format.print(&document, || {
            let mut text = String::new();
            let found = found.iter().map(|found| (Role::Policy, found));
            for (role, found) in found.chain(support.iter().map(|found| (Role::Support, found))) {
                let Listed { name, version, source_label, .. } = found;
                let _ = writeln!(text, "{role:<7}  {name} {version}  ({source_label})");
            }
            text
        })
    }
}

/// One crate, as `--format json` shows it.
#[derive(Serialize)]
struct Listed<'a> {
    #[serde(rename = "crate")]
    name: &'a str,
    version: String,
    /// The folder inside the policies folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<&'a str>,
    /// The source as a lock file writes it, or the folder of a crate from elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip)]
    source_label: String,
}

impl<'a> Listed<'a> {
    fn new(policy_crate: &'a PolicyCrate) -> Self {
        let source_label = policy_crate.source_label();
        let is_local = policy_crate.origin == Source::Folder;
        Self {
            name: &policy_crate.name,
            version: policy_crate.version.to_string(),
            folder: is_local.then_some(&policy_crate.folder),
            source: (!is_local).then(|| source_label.clone()),
            source_label,
        }
    }
}
