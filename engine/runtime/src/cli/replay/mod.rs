mod json;
mod report;
mod table;
mod told;

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use policy_report::Format;
use tracing::warn;

use super::args::{ReplayArgs, ReplayFormat};
use super::confined::Unconfined;
use super::{Failure, print_error};
use crate::exit::Outcome;
use crate::replay::{Against, OtherProgram, Program, ThisProgram, replay};
use told::Told;

pub(super) fn run(
    args: &ReplayArgs,
    policies: Unconfined<'_>,
    out: &mut dyn Write,
) -> Result<Outcome, Failure> {
    let program: Arc<dyn Program> = match &args.against {
        None => Arc::new(this_program(args, policies)?),
        Some(name) => {
            let options = args.serve_options(policies.mode);
            Arc::new(
                Against::parse(name)
                    .and_then(|against| OtherProgram::start(name, &against, &options))
                    .map_err(Failure::message)?,
            )
        }
    };
    let replay = replay(&args.logs, &program, args.examples.into()).map_err(Failure::message)?;
    drop(program);
    let told = Told {
        replay: &replay,
        logs: args.logs.iter().map(|log| log.display().to_string()).collect(),
        verdicts_only: args.verdicts_only,
    };
    let format = args.format.unwrap_or_else(|| {
        if io::stdout().is_terminal() { ReplayFormat::Table } else { ReplayFormat::Json }
    });
    match format {
        ReplayFormat::Table => table::print(&told, out)?,
        ReplayFormat::Json => json::print(&told, out)?,
        ReplayFormat::Junit => report::print(&told, Format::JUnit, out)?,
        ReplayFormat::Sarif => report::print(&told, Format::Sarif, out)?,
        ReplayFormat::Tap => report::print(&told, Format::Tap, out)?,
        ReplayFormat::Github => report::print(&told, Format::GitHub, out)?,
        ReplayFormat::Markdown => table::print_markdown(&told, out)?,
    }
    out.flush()?;
    for (_, problem) in &replay.problems {
        print_error(problem, None);
    }
    let decisions = replay.decisions(|_| true);
    if decisions == 0 {
        print_error(
            "no decision of the logs could be made once more",
            Some("name logs with inputs that are not erased or masked"),
        );
    }
    Ok(if decisions == 0 || !replay.problems.is_empty() {
        Outcome::Failed
    } else if told.changed() > 0 {
        Outcome::Denied
    } else {
        Outcome::Allowed
    })
}

fn this_program(args: &ReplayArgs, policies: Unconfined<'_>) -> Result<ThisProgram, Failure> {
    let sources = args.sources(policies.mode);
    let (confined, loaded, policies) = policies.configure(&sources)?;
    for warning in &loaded.warnings {
        warn!("{warning}");
    }
    for mistake in policies.iter().filter_map(|(_, policy)| policy.as_ref().err()) {
        warn!("skipped: {mistake}");
    }
    let program = ThisProgram::new(policies, confined.zone());
    confined.keep_reading();
    Ok(program)
}
