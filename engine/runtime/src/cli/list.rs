use std::io::Write;

use serde::Serialize;

use super::args::{ListArgs, TableOrJson};
use super::{Failure, output};
use crate::exit::Outcome;
use crate::policies::{Entry, Registry};

/// One policy, as `list --format json` and `version --format json` show it.
#[derive(Serialize)]
pub(super) struct Listed<'a> {
    name: &'a str,
    version: String,
    description: &'a str,
    #[serde(rename = "crate")]
    crate_name: &'a str,
    /// The ids of its declared checks.
    checks: Vec<&'a str>,
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
            checks: entry.registration.checks.iter().map(|check| check.id).collect(),
        }
    }
}

pub(super) fn run(
    args: &ListArgs,
    registry: &Registry,
    out: &mut dyn Write,
) -> Result<Outcome, Failure> {
    let policies = Listed::all(registry);
    match args.format {
        TableOrJson::Json => output::pretty_json(&policies, out)?,
        TableOrJson::Table => {
            let rows = policies.into_iter().map(|policy| {
                let Listed { name, version, description, crate_name, checks } = policy;
                let checks = checks.len().to_string();
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
