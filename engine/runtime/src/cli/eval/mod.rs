mod printer;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use policy_api::{EvaluateError, Verdict};
use serde_json::value::RawValue;
use tracing::{debug, info};

use super::args::EvalArgs;
use super::{ErrorMessage, Failure};
use crate::documents::{Document, DocumentError, Source, SourceError, documents, files};
use crate::exit::Outcome;
use crate::policies::{
    CpuReading, Decision, DecisionError, Entry, Instance, Registry, TimedError, TimedEvaluator,
    TimedQuestion, Usage,
};
use crate::suites;
use printer::{Printed, Printer, Problem};

pub(super) fn run(
    args: &EvalArgs,
    registry: &Registry,
    out: &mut dyn Write,
) -> Result<Outcome, Failure> {
    let standard_input = Path::new("-");
    if args.settings.file.as_deref() == Some(standard_input)
        && (args.files.is_empty() || args.files.iter().any(|file| file == standard_input))
    {
        return Err(Failure::Usage(ErrorMessage {
            problem: "standard input cannot hold both the settings and the documents".to_owned(),
            help: Some("name a file for one of them".to_owned()),
        }));
    }
    let entry = registry.find(&args.policy)?;
    let instance = Instance::configure(entry, &args.settings.load()?);
    let instance = instance.map_err(|error| {
        Failure::message(format_args!(
            "policy `{}` {}: settings: {error}",
            entry.name(),
            entry.version
        ))
    })?;
    info!(policy = entry.name(), version = %entry.version, "configured");
    let mut evaluation = Evaluation {
        entry,
        version: entry.version.to_string(),
        instance: Arc::new(instance.with_cpu_reading(CpuReading::Always)),
        evaluator: TimedEvaluator::new(args.limits.limits()),
        labels: &args.labels,
        printer: Printer::new(entry, args.format, out),
        outcome: Outcome::Allowed,
    };
    let nothing_named = [standard_input.to_owned()];
    let files: &[PathBuf] = if args.files.is_empty() { &nothing_named } else { &args.files };
    for file in files::named(files, args.recursive, suites::is_suite) {
        let file = match file {
            Ok(file) => file,
            Err(error) => {
                let name = error.path().display().to_string();
                evaluation.fail(&Problem::of_file(&name, &error), None)?;
                continue;
            }
        };
        let name = file.display().to_string();
        match Source::read(&file, Some(args.max_bytes)) {
            Ok(source) => evaluation.judge_all(&source)?,
            Err(error @ SourceError::TooLarge { .. }) => {
                let help = "split it, or allow more with `--max-bytes`";
                evaluation.fail(&Problem::of_file(&name, &error), Some(help))?;
            }
            Err(error) => {
                let help = error.help().map(|help| format!("add `--recursive`, or {help}"));
                evaluation.fail(&Problem::of_file(&name, &error), help.as_deref())?;
            }
        }
    }
    let Evaluation { printer, outcome, .. } = evaluation;
    printer.finish()?;
    Ok(outcome)
}

/// One policy, and what came of the documents that were put to it.
struct Evaluation<'a> {
    entry: &'a Entry,
    version: String,
    instance: Arc<Instance>,
    evaluator: TimedEvaluator,
    labels: &'a [(String, String)],
    printer: Printer<'a>,
    outcome: Outcome,
}

impl Evaluation<'_> {
    fn judge_all(&mut self, source: &Source) -> Result<(), Failure> {
        let file = source.name();
        debug!(file, "read");
        let mut number = 0;
        for document in documents(source) {
            number += 1;
            match self.decide(file, number, document) {
                Ok((document, verdict, output)) => {
                    let decision = Printed {
                        file,
                        document: number,
                        policy: self.entry.name(),
                        version: &self.version,
                        verdict,
                        output: raw(&output)?,
                    };
                    self.printer.print(&decision, &document)?;
                    self.outcome = self.outcome.max(verdict.into());
                }
                Err(error) => {
                    let policy = self.entry.name();
                    let words =
                        format!("{} document {number}: policy `{policy}`: {error}", in_words(file));
                    let problem = Problem {
                        file,
                        document: Some(number),
                        place: error.place,
                        message: error.message,
                        words,
                    };
                    self.fail(&problem, None)?;
                }
            }
        }
        if number == 0 {
            let words = format!("{} holds no document: expected JSON or YAML", in_words(file));
            self.fail(&Problem::of_file(file, &words), None)?;
        }
        Ok(())
    }

    fn decide<'d>(
        &mut self,
        file: &str,
        number: usize,
        document: Result<Document<'d>, DocumentError>,
    ) -> Result<(Document<'d>, Option<Verdict>, Vec<u8>), DocumentError> {
        let document = document?;
        let id = format!("{file}:{number}");
        let started = Instant::now();
        let decided = self.evaluator.decide(TimedQuestion {
            instance: Arc::clone(&self.instance),
            input: document.json.to_vec(),
            request_id: id.clone(),
            labels: self.labels.to_vec(),
        });
        match decided {
            Ok((decision, output)) => {
                let Decision { verdict, usage: Usage { allocated, cpu } } = decision;
                debug!(request = id, ?verdict, elapsed = ?started.elapsed(), cpu = ?cpu.unwrap_or_default(), allocated, "decided");
                Ok((document, verdict, output))
            }
            Err(TimedError::Decision(DecisionError::Evaluate(EvaluateError::Input(error)))) => {
                Err(document.explain(&error))
            }
            Err(error) => Err(DocumentError { message: error.to_string(), place: None }),
        }
    }

    fn fail(&mut self, problem: &Problem<'_>, help: Option<&str>) -> Result<(), Failure> {
        self.outcome = self.outcome.max(Outcome::Failed);
        self.printer.print_error(problem, help)
    }
}

/// The output's text, for passing on as it is.
fn raw(output: &[u8]) -> Result<&RawValue, Failure> {
    serde_json::from_slice(output).map_err(Failure::message)
}

fn in_words(file: &str) -> String {
    if file == "-" { "standard input".to_owned() } else { format!("`{file}`") }
}
