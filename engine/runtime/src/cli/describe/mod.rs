mod webhook;

use std::io::Write;

use policy_api::Check;
use serde::Serialize;
use serde_json::Value;

use super::args::{DescribeArgs, DescribeFormat};
use super::{Failure, output};
use crate::exit::Outcome;
use crate::policies;
use crate::policies::Registry;
use crate::program::{Grant, Program};
use webhook::Webhook;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Described<'a> {
    name: &'a str,
    version: String,
    description: &'a str,
    authors: Vec<&'a str>,
    #[serde(rename = "crate")]
    crate_name: &'a str,
    crate_version: &'a str,
    /// Every version of this policy in the binary, highest first.
    versions: Vec<String>,
    checks: &'a [Check],
    /// What its crate may do while the program runs.
    grants: &'static [Grant],
    settings_schema: Option<Value>,
    input_schema: Option<Value>,
}

pub(super) fn run(
    args: &DescribeArgs,
    program: &Program,
    registry: &Registry,
    out: &mut dyn Write,
) -> Result<Outcome, Failure> {
    let entry = registry.find(&args.policy)?;
    let registration = &entry.registration;
    let schema = |of| policies::call_guarded(entry, of).map_err(Failure::message);
    let described = Described {
        name: entry.name(),
        version: entry.version.to_string(),
        description: registration.description,
        authors: registration.authors.split(':').filter(|author| !author.is_empty()).collect(),
        crate_name: registration.crate_name,
        crate_version: registration.crate_version,
        versions: registry
            .versions(entry.name())
            .iter()
            .map(|entry| entry.version.to_string())
            .collect(),
        checks: registration.checks,
        grants: program.grants_of(registration.crate_name),
        settings_schema: schema(registration.settings_schema)?,
        input_schema: schema(registration.input_schema)?,
    };
    match args.format {
        DescribeFormat::Json => output::pretty_json(&described, out)?,
        DescribeFormat::Text => {
            text(&described, !registration.kubernetes_resources.is_empty(), out)?;
        }
        DescribeFormat::Webhook => {
            let webhook = Webhook::new(&args.policy, entry, registry).map_err(Failure::message)?;
            webhook.print(out)?;
        }
    }
    Ok(Outcome::Allowed)
}

fn text(
    described: &Described<'_>,
    for_kubernetes: bool,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let name = described.name;
    writeln!(out, "{name} {}", described.version)?;
    if !described.description.is_empty() {
        writeln!(out, "{}", described.description)?;
    }
    writeln!(out, "\ncrate     {} {}", described.crate_name, described.crate_version)?;
    if !described.authors.is_empty() {
        writeln!(out, "authors   {}", described.authors.join(", "))?;
    }
    writeln!(out, "versions  {}", described.versions.join(", "))?;
    match &described.settings_schema {
        None => writeln!(out, "settings  the author keeps no schema of them")?,
        Some(schema) => settings(schema, out)?,
    }
    for grant in described.grants {
        writeln!(out, "may do    {grant}; {}", grant.reason)?;
    }
    checks(described.checks, out)?;
    if described.input_schema.is_some() {
        writeln!(out, "input     `policy-engine schema {name}` prints its JSON Schema")?;
    }
    writeln!(out, "\ntry it    policy-engine eval {name} < input.json")?;
    writeln!(out, "serve it  policy-engine serve")?;
    writeln!(out, "          curl -s http://localhost:8181/v0/data/{name} -d @input.json")?;
    if for_kubernetes {
        writeln!(
            out,
            "          policy-engine describe {name} --format webhook   (for Kubernetes)"
        )?;
    }
    Ok(())
}

/// The declared checks, one a line.
fn checks(checks: &[Check], out: &mut dyn Write) -> std::io::Result<()> {
    if checks.is_empty() {
        return writeln!(out, "checks    the author declares none");
    }
    writeln!(out, "checks")?;
    let width = checks.iter().map(|check| check.id.len()).max().unwrap_or_default();
    for Check { id, summary, severity, .. } in checks {
        writeln!(out, "  {id:width$}  {severity:8}  {summary}")?;
    }
    Ok(())
}

/// The fields of a settings schema, one a line.
fn settings(schema: &Value, out: &mut dyn Write) -> std::io::Result<()> {
    let fields = schema.get("properties").and_then(Value::as_object);
    let Some(fields) = fields.filter(|fields| !fields.is_empty()) else {
        return writeln!(out, "settings  none");
    };
    writeln!(out, "settings")?;
    for (name, field) in fields {
        let description = field.get("description").and_then(Value::as_str).unwrap_or_default();
        let first_line = description.lines().next().unwrap_or_default();
        let default = field.get("default").map(|value| format!(" [default: {value}]"));
        writeln!(out, "  {name}  {first_line}{}", default.unwrap_or_default())?;
    }
    Ok(())
}
