use std::io::Write;

use serde::Serialize;

use super::args::{TextOrJson, VersionArgs};
use super::list::Listed;
use super::{Failure, output};
use crate::exit::Outcome;
use crate::policies::Registry;
use crate::program::{Grant, Program};

#[derive(Serialize)]
struct Made<'a> {
    engine: &'static str,
    api: &'static str,
    target: &'static str,
    revision: Option<&'static str>,
    crates: Vec<Crate>,
    policies: Vec<Listed<'a>>,
}

#[derive(Serialize)]
struct Crate {
    name: &'static str,
    version: &'static str,
    grants: &'static [Grant],
}

pub(super) fn run(
    args: &VersionArgs,
    program: &Program,
    registry: &Registry,
    out: &mut dyn Write,
) -> Result<Outcome, Failure> {
    let made = Made {
        engine: env!("CARGO_PKG_VERSION"),
        api: policy_api::VERSION,
        target: program.target,
        revision: program.revision,
        crates: program
            .crates
            .iter()
            .map(|linked| Crate {
                name: linked.name,
                version: linked.version,
                grants: linked.grants,
            })
            .collect(),
        policies: Listed::all(registry),
    };
    match args.format {
        TextOrJson::Json => output::pretty_json(&made, out)?,
        TextOrJson::Text => {
            writeln!(out, "policy-engine {}", made.engine)?;
            writeln!(out, "target    {}", made.target)?;
            writeln!(out, "revision  {}", made.revision.unwrap_or("unknown"))?;
            for Crate { name, version, grants } in &made.crates {
                writeln!(out, "crate     {name} {version}")?;
                for grant in *grants {
                    writeln!(out, "may do    {grant}; {}", grant.reason)?;
                }
            }
        }
    }
    Ok(Outcome::Allowed)
}
