mod json;
mod table;

use std::io::{self, IsTerminal, Write};

use super::args::{ReplayArgs, ReportFormat};
use super::{Failure, print_error};
use crate::config;
use crate::exit::Outcome;
use crate::policies::Registry;
use crate::replay::{Change, Example, Replay, ThisProgram, replay};

/// What the forms of output are made of.
struct Told<'a> {
    replay: &'a Replay,
    /// The logs as they were named.
    logs: Vec<String>,
    verdicts_only: bool,
}

impl Told<'_> {
    /// The log of an example, as it was named.
    fn log(&self, example: &Example) -> &str {
        self.logs.get(example.log()).map_or("", String::as_str)
    }

    /// The place of an example, such as `decisions.jsonl:12:1`.
    fn place(&self, example: &Example) -> String {
        let (line, column) = example.position();
        format!("{}:{line}:{column}", self.log(example))
    }

    fn is_change(&self, change: Change) -> bool {
        match change {
            Change::Verdict => true,
            Change::Answer => !self.verdicts_only,
            Change::Nothing => false,
        }
    }
}

pub(super) fn run(
    args: &ReplayArgs,
    registry: &Registry,
    out: &mut dyn Write,
) -> Result<Outcome, Failure> {
    let (loaded, policies) = config::load_and_resolve(&args.sources(), registry)?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let program = ThisProgram::new(policies);
    let replay = replay(&args.logs, &program, args.examples.into()).map_err(Failure::message)?;
    let told = Told {
        replay: &replay,
        logs: args.logs.iter().map(|log| log.display().to_string()).collect(),
        verdicts_only: args.verdicts_only,
    };
    let format = args.format.unwrap_or_else(|| {
        if io::stdout().is_terminal() { ReportFormat::Table } else { ReportFormat::Json }
    });
    match format {
        ReportFormat::Table => table::print(&told, out)?,
        ReportFormat::Json => json::print(&told, out)?,
    }
    out.flush()?;
    for problem in &replay.problems {
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
    } else if replay.decisions(|change| told.is_change(change)) > 0 {
        Outcome::Denied
    } else {
        Outcome::Allowed
    })
}
