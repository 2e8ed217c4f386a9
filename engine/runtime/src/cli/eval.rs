use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use policy_api::{Context, EvaluateError, Verdict};
use serde::Serialize;
use serde::de::DeserializeSeed;
use serde_json::value::RawValue;

use super::args::{DecisionFormat, Eval};
use super::{Failure, complain, output};
use crate::documents::{Document, Source, documents};
use crate::exit::Outcome;
use crate::instance::{DecisionError, Instance};
use crate::registry::Registry;
use crate::transcode::ToJson;

/// One decision, as it is printed.
#[derive(Serialize)]
struct Printed<'a> {
    file: &'a str,
    document: usize,
    policy: &'a str,
    version: String,
    verdict: Option<Verdict>,
    output: &'a RawValue,
}

pub(super) fn run(
    args: &Eval,
    registry: &Registry,
    out: &mut dyn Write,
) -> Result<Outcome, Failure> {
    let entry = registry.find(&args.policy).map_err(Failure::said)?;
    let instance = Instance::configure(entry, &args.settings.load()?).map_err(|error| {
        Failure::Said(format!("policy `{}` {}: settings: {error}", entry.name(), entry.version))
    })?;
    let mut printer = Printer::new(args.format, out);
    let labels: Vec<_> = args.labels.iter().map(|(key, value)| (&**key, &**value)).collect();
    let standard_input = [PathBuf::from("-")];
    let files = if args.files.is_empty() { &standard_input[..] } else { &args.files };

    let mut outcome = Outcome::Allowed;
    let mut output = Vec::new();
    for file in files {
        let source = match Source::read(file, Some(args.max_bytes)) {
            Ok(source) => source,
            Err(error) => {
                printer.complain(&error.to_string())?;
                outcome = outcome.max(Outcome::Failed);
                continue;
            }
        };
        let mut count = 0;
        for (index, document) in documents(&source).enumerate() {
            count = index + 1;
            output.clear();
            let id = format!("{}:{count}", source.name());
            let context = Context::new(&id).with_labels(&labels);
            let decided = document
                .map_err(|error| error.to_string())
                .and_then(|document| decide(&instance, &document, &context, &mut output));
            match decided {
                Ok(verdict) => {
                    let output = raw(&output)?;
                    let version = entry.version.to_string();
                    let policy = entry.name();
                    let file = source.name();
                    printer.print(&Printed {
                        file,
                        document: count,
                        policy,
                        version,
                        verdict,
                        output,
                    })?;
                    outcome = outcome.max(verdict.into());
                }
                Err(error) => {
                    let place = place(file, count);
                    printer.complain(&format!("{place}: policy `{}`: {error}", entry.name()))?;
                    outcome = outcome.max(Outcome::Failed);
                }
            }
        }
        if count == 0 {
            let place = place(file, 0);
            printer.complain(&format!("{place} holds no document: expected JSON or YAML"))?;
            outcome = outcome.max(Outcome::Failed);
        }
    }
    printer.finish()?;
    Ok(outcome)
}

fn decide(
    instance: &Instance,
    document: &Document<'_>,
    context: &Context<'_>,
    output: &mut Vec<u8>,
) -> Result<Option<Verdict>, String> {
    match instance.decide(&document.json, context, output) {
        Ok(decision) => Ok(decision.verdict),
        Err(DecisionError::Evaluate(EvaluateError::Input(error))) => {
            Err(document.explain(&error).to_string())
        }
        Err(error) => Err(error.to_string()),
    }
}

/// The output's text, for passing on as it is.
fn raw(output: &[u8]) -> Result<&RawValue, Failure> {
    serde_json::from_slice(output).map_err(Failure::said)
}

fn place(file: &Path, document: usize) -> String {
    let file = if file == Path::new("-") {
        "standard input".to_owned()
    } else {
        format!("`{}`", file.display())
    };
    if document == 0 { file } else { format!("{file} document {document}") }
}

/// Prints decisions as they are made; a table when all are known.
struct Printer<'a> {
    format: DecisionFormat,
    out: &'a mut dyn Write,
    rows: Vec<Vec<String>>,
}

impl<'a> Printer<'a> {
    fn new(format: Option<DecisionFormat>, out: &'a mut dyn Write) -> Self {
        let format = format.unwrap_or_else(|| {
            if io::stdout().is_terminal() { DecisionFormat::Table } else { DecisionFormat::Json }
        });
        Self { format, out, rows: Vec::new() }
    }

    fn print(&mut self, decision: &Printed<'_>) -> Result<(), Failure> {
        match self.format {
            DecisionFormat::Json => {
                serde_json::to_writer(&mut *self.out, decision).map_err(io::Error::from)?;
                self.out.write_all(b"\n")?;
            }
            DecisionFormat::Pretty => {
                let compact = serde_json::to_vec(decision).map_err(Failure::said)?;
                let mut pretty = Vec::new();
                let mut reader = serde_json::Deserializer::from_slice(&compact);
                ToJson::pretty(&mut pretty).deserialize(&mut reader).map_err(Failure::said)?;
                pretty.push(b'\n');
                self.out.write_all(&pretty)?;
            }
            DecisionFormat::Table => self.rows.push(vec![
                decision.file.to_owned(),
                decision.document.to_string(),
                decision.verdict.map_or("-".to_owned(), |verdict| verdict.to_string()),
                output::reasons(decision.output.get()),
            ]),
        }
        Ok(())
    }

    /// Says what went wrong, after the decisions that came before it.
    fn complain(&mut self, message: &str) -> Result<(), Failure> {
        self.out.flush()?;
        complain(message);
        Ok(())
    }

    fn finish(self) -> Result<(), Failure> {
        if !self.rows.is_empty() {
            let table = output::table(&["FILE", "DOCUMENT", "VERDICT", "WHY"], self.rows);
            self.out.write_all(table.as_bytes())?;
        }
        Ok(())
    }
}
