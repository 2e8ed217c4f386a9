mod init;
mod printer;

use std::io::Write;
use std::path::PathBuf;
use std::thread;

use super::args::TestArgs;
use super::{ErrorMessage, Failure, output};
use crate::documents::{Source, SourceError};
use crate::exit::Outcome;
use crate::policies::Registry;
use crate::suites::{self, Case, Coverage, Judgement, Suite};
use printer::Printer;

/// The most that is read of one suite.
const MAX_SUITE_BYTES: u64 = 32 << 20;

pub(super) fn run(
    args: &TestArgs,
    registry: &Registry,
    out: &mut dyn Write,
) -> Result<Outcome, Failure> {
    if args.schema {
        output::pretty_json(&suites::json_schema().map_err(Failure::message)?, out)?;
        return Ok(Outcome::Allowed);
    }
    if let Some(policy) = &args.init {
        return init::run(policy, args, registry, out);
    }
    if args.settings.any() || args.output.is_some() {
        return Err(Failure::Usage(ErrorMessage {
            problem: "`--settings`, `--set` and `--output` are for `--init`".to_owned(),
            help: Some("a suite has the settings of its cases in it".to_owned()),
        }));
    }
    let mut printer = Printer::new(args.format, out);
    let mut outcome = Outcome::Allowed;
    let mut read = Vec::new();
    let here = [PathBuf::from(".")];
    let paths: &[PathBuf] = if args.paths.is_empty() { &here } else { &args.paths };
    for found in suites::find(paths) {
        match found {
            Ok(file) => match suite(&file, registry) {
                Ok(suite) => {
                    read.push(suite);
                    continue;
                }
                Err(SuiteError::Unreadable(error)) => {
                    let file = file.display().to_string();
                    printer.print_error(&file, None, error.to_string(), error.help().as_deref())?;
                }
                Err(SuiteError::Invalid(errors)) => {
                    let file = file.display().to_string();
                    for error in errors.iter() {
                        printer.print_error(&file, error.place(), error.to_string(), None)?;
                    }
                }
            },
            Err(error) => {
                let path = error.path().display().to_string();
                printer.print_error(&path, None, error.to_string(), error.help())?;
            }
        }
        outcome = Outcome::Failed;
    }
    let cases: Vec<(&Suite, &Case)> = read
        .iter()
        .flat_map(|suite| suite.cases.iter().map(move |case| (suite, case)))
        .filter(|(_, case)| is_wanted(case, &args.filter))
        .collect();
    if cases.is_empty() && outcome == Outcome::Allowed {
        return Err(Failure::with_help(
            "no case has a name that contains what `--filter` asks for",
            Some("`policy-engine test --format json` lists the names".to_owned()),
        ));
    }
    let jobs = args
        .jobs
        .map_or_else(|| thread::available_parallelism().map_or(1, usize::from), usize::from);
    let questions: Vec<_> = cases.iter().map(|(_, case)| *case).collect();
    let results = suites::run(&questions, jobs, args.limits.limits()).map_err(|error| {
        Failure::message(format_args!("failed to start a thread for the cases: {error}"))
    })?;
    for ((suite, case), result) in cases.iter().zip(&results) {
        outcome = outcome.max(match result.judgement {
            Judgement::Passed => Outcome::Allowed,
            Judgement::Failed(_) => Outcome::Denied,
            Judgement::Undecided(_) => Outcome::Failed,
        });
        printer.print(suite, case, result)?;
    }
    let coverage = (args.coverage || args.min_coverage.is_some())
        .then(|| Coverage::new(questions.iter().copied().zip(&results)));
    printer.finish(coverage.as_ref())?;
    if let (Some(coverage), Some(percent)) = (&coverage, args.min_coverage)
        && !coverage.reaches(percent)
    {
        let problem = format!(
            "{} of {} checks are covered ({}%): expected {percent}%",
            coverage.covered,
            coverage.checks.len(),
            coverage.percent()
        );
        let help = "a check is covered by a case that it denies, and one that is allowed";
        out.flush()?;
        super::print_error(&problem, Some(help));
        outcome = outcome.max(Outcome::Denied);
    }
    Ok(outcome)
}

/// The reason why a suite is not run.
enum SuiteError {
    Unreadable(SourceError),
    Invalid(crate::documents::located::ConfigErrors),
}

fn suite(file: &std::path::Path, registry: &Registry) -> Result<Suite, SuiteError> {
    let source = Source::read(file, Some(MAX_SUITE_BYTES)).map_err(SuiteError::Unreadable)?;
    suites::read(&source, registry).map_err(SuiteError::Invalid)
}

/// Returns whether the name contains one of these texts, whatever the case of its letters.
fn is_wanted(case: &Case, filter: &[String]) -> bool {
    let name = case.name.to_lowercase();
    filter.is_empty() || filter.iter().any(|text| name.contains(&text.to_lowercase()))
}
