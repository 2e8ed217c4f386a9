use std::io::Write;

use policy_api::Check;
use serde::Serialize;

use super::args::{ListArgs, TableOrJson};
use super::{Failure, output};
use crate::exit::Outcome;
use crate::policies::{Entry, Registry};

/// One policy, as `version --format json` shows it.
#[derive(Serialize)]
pub(super) struct Listed<'a> {
    name: &'a str,
    version: String,
    description: &'a str,
    #[serde(rename = "crate")]
    crate_name: &'a str,
}

/// The same, as `list --format json` shows it.
#[derive(Serialize)]
struct WithChecks<'a> {
    #[serde(flatten)]
    listed: Listed<'a>,
    checks: &'a [Check],
}

impl<'a> Listed<'a> {
    pub(super) fn all(registry: &'a Registry) -> Vec<Self> {
        registry.entries().iter().map(Self::new).collect()
    }

    fn new(entry: &'a Entry) -> Self {
        Self {
            name: entry.name(),
            version: entry.version.to_string(),
            description: entry.registration.description,
            crate_name: entry.registration.crate_name,
        }
    }
}

pub(super) fn run(
    args: &ListArgs,
    registry: &Registry,
    out: &mut dyn Write,
) -> Result<Outcome, Failure> {
    let policies = registry
        .entries()
        .iter()
        .map(|entry| WithChecks { listed: Listed::new(entry), checks: entry.registration.checks });
    let policies: Vec<_> = policies.collect();
    match args.format {
        TableOrJson::Json => output::pretty_json(&policies, out)?,
        TableOrJson::Table => {
            let rows = policies.into_iter().map(|policy| {
                let Listed { name, version, description, crate_name } = policy.listed;
                let checks = policy.checks.len().to_string();
                vec![
                    name.to_owned(),
                    version,
                    crate_name.to_owned(),
                    checks,
                    description.to_owned(),
                ]
            });
            let table =
                output::table(&["POLICY", "VERSION", "CRATE", "CHECKS", "DESCRIPTION"], rows);
            out.write_all(table.as_bytes())?;
        }
    }
    Ok(Outcome::Allowed)
}
