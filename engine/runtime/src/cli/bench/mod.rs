//! `bench`: how long a policy takes to decide, and whether that has changed.

mod instructions;
mod measure;
mod report;
mod saved;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use policy_api::{Context, EvaluateError};

use super::args::{BenchArgs, TableOrJson};
use super::{ErrorMessage, Failure, output};
use crate::documents::{Source, documents};
use crate::exit::Outcome;
use crate::policies::{DecisionError, Entry, Instance, Registry};
use measure::Question;
use saved::Measurements;

/// What a document is measured for at the least.
const SHORTEST: Duration = Duration::from_millis(20);

pub(super) fn run(
    args: &BenchArgs,
    registry: &Registry,
    out: &mut dyn Write,
) -> Result<Outcome, Failure> {
    let entry = registry.find(&args.policy)?;
    // Before the work, which takes its time.
    let before = args.compare.as_deref().map(|file| Measurements::load(file, entry.name()));
    let before = before.transpose().map_err(Failure::message)?;
    let settings = args.settings.load()?;
    let instance = Instance::configure(entry, &settings).map_err(|error| {
        let policy = format!("policy `{}` {}", entry.name(), entry.version);
        Failure::message(format_args!("{policy}: settings: {error}"))
    })?;
    let standard_input = [PathBuf::from("-")];
    let files = if args.files.is_empty() { &standard_input[..] } else { &args.files };
    let questions = questions(files, args.max_bytes, entry, &instance)?;
    let count = u32::try_from(questions.len()).unwrap_or(u32::MAX);
    let time = (args.time / count.max(1)).max(SHORTEST);
    let mut measured = Vec::new();
    for question in &questions {
        let document = question.measure(&instance, time);
        measured.push(document.map_err(|error| no_decision(&question.name, entry, &error))?);
    }
    let version = entry.version.to_string();
    let now = Measurements { policy: entry.name().to_owned(), version, documents: measured };
    if let Some(file) = &args.save {
        now.save(file).map_err(Failure::message)?;
    }
    let slower = before.as_ref().map(|before| now.compare(before, args.threshold));
    match args.format {
        TableOrJson::Json => output::pretty_json(&now, out)?,
        TableOrJson::Table => out.write_all(report::table(&now, before.as_ref()).as_bytes())?,
    }
    let slower = slower.unwrap_or_default();
    out.flush()?;
    for line in &slower {
        super::print_error(line, None);
    }
    Ok(if slower.is_empty() { Outcome::Allowed } else { Outcome::Denied })
}

fn no_decision(name: &str, policy: &Entry, error: &dyn std::fmt::Display) -> Failure {
    Failure::message(format_args!("{name}: policy `{}`: {error}", policy.name()))
}

/// The documents of files, all of which the policy decides on before the first is measured.
fn questions(
    files: &[PathBuf],
    max_bytes: u64,
    policy: &Entry,
    instance: &Instance,
) -> Result<Vec<Question>, Failure> {
    let mut questions = Vec::new();
    for file in files {
        let source = Source::read(file, Some(max_bytes))
            .map_err(|error| Failure::with_help(&error, error.help()))?;
        let file = if file == Path::new("-") { "standard input" } else { source.name() };
        for (index, document) in documents(&source).enumerate() {
            let name = format!("{file} document {}", index + 1);
            let document = document.map_err(|error| no_decision(&name, policy, &error))?;
            match instance.decide(&document.json, &Context::new("bench"), &mut Vec::new()) {
                Ok(_) => questions.push(Question { name, json: document.json.to_vec() }),
                Err(DecisionError::Evaluate(EvaluateError::Input(error))) => {
                    return Err(no_decision(&name, policy, &document.explain(&error)));
                }
                Err(error) => return Err(no_decision(&name, policy, &error)),
            }
        }
    }
    if questions.is_empty() {
        return Err(Failure::Message(ErrorMessage {
            problem: "there is no document to decide on: expected JSON or YAML".to_owned(),
            help: Some("name files that hold some".to_owned()),
        }));
    }
    Ok(questions)
}
