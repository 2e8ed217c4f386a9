use std::io::Write;

use super::args::SchemaArgs;
use super::{Failure, output};
use crate::exit::Outcome;
use crate::policies;
use crate::policies::Registry;

pub(super) fn run(
    args: &SchemaArgs,
    registry: &Registry,
    out: &mut dyn Write,
) -> Result<Outcome, Failure> {
    let entry = registry.find(&args.policy)?;
    let (schema, kind) = if args.settings {
        (entry.registration.settings_schema, "settings")
    } else {
        (entry.registration.input_schema, "input")
    };
    let schema =
        policies::call_guarded(entry, schema).map_err(Failure::message)?.ok_or_else(|| {
            Failure::message(format_args!(
                "policy `{}` keeps no schema of its {kind}: its author can give one with \
             `{kind}_schema` of the `Policy` trait",
                entry.name()
            ))
        })?;
    output::pretty_json(&schema, out)?;
    Ok(Outcome::Allowed)
}
