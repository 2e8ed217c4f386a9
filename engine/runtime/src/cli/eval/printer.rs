use std::io::{self, IsTerminal, Write};

use policy_api::Verdict;
use policy_text::escape_line;
use serde::Serialize;
use serde::de::DeserializeSeed;
use serde_json::value::RawValue;

use crate::cli::args::DecisionFormat;
use crate::cli::{Failure, output, print_error};
use crate::documents::tree::Position;
use crate::documents::{Document, ToJson};
use crate::policies::{Entry, reasons, reasons_in_words};
use crate::report::{self, Case, Finding, Report};

/// One decision, as it is printed.
#[derive(Serialize)]
pub(super) struct Printed<'a> {
    pub(super) file: &'a str,
    pub(super) document: usize,
    pub(super) policy: &'a str,
    pub(super) version: &'a str,
    pub(super) verdict: Option<Verdict>,
    pub(super) output: &'a RawValue,
}

/// A reason why there is no decision.
pub(super) struct Problem<'a> {
    pub(super) file: &'a str,
    /// The document's number; `None` where it is the file as a whole.
    pub(super) document: Option<usize>,
    pub(super) place: Option<Position>,
    /// The reason alone.
    pub(super) message: String,
    /// The same in a sentence that names file and place.
    pub(super) words: String,
}

impl<'a> Problem<'a> {
    /// A file as a whole that has no documents to decide on; `words` name it.
    pub(super) fn of_file(file: &'a str, words: &impl ToString) -> Self {
        let words = words.to_string();
        Self { file, document: None, place: None, message: words.clone(), words }
    }
}

/// Prints decisions as they are made; a table or a report when all are known.
pub(super) struct Printer<'a> {
    format: Format,
    out: &'a mut dyn Write,
}

enum Format {
    Json,
    Pretty,
    Table(Vec<Vec<String>>),
    Report(report::Format, Vec<Case>),
}

impl From<DecisionFormat> for Format {
    fn from(format: DecisionFormat) -> Self {
        let report = match format {
            DecisionFormat::Json => return Self::Json,
            DecisionFormat::Pretty => return Self::Pretty,
            DecisionFormat::Table => return Self::Table(Vec::new()),
            DecisionFormat::Junit => report::Format::JUnit,
            DecisionFormat::Sarif => report::Format::Sarif,
            DecisionFormat::Tap => report::Format::Tap,
            DecisionFormat::Github => report::Format::GitHub,
            DecisionFormat::Markdown => report::Format::Markdown,
        };
        Self::Report(report, Vec::new())
    }
}

impl<'a> Printer<'a> {
    pub(super) fn new(format: Option<DecisionFormat>, out: &'a mut dyn Write) -> Self {
        let format = format.unwrap_or_else(|| {
            if io::stdout().is_terminal() { DecisionFormat::Table } else { DecisionFormat::Json }
        });
        Self { format: format.into(), out }
    }

    /// Prints a decision on this document.
    pub(super) fn print(
        &mut self,
        decision: &Printed<'_>,
        document: &Document<'_>,
    ) -> Result<(), Failure> {
        match &mut self.format {
            Format::Json => self.out.write_all(&line(decision)?)?,
            Format::Pretty => {
                let compact = serde_json::to_vec(decision).map_err(Failure::message)?;
                let mut pretty = Vec::new();
                let mut reader = serde_json::Deserializer::from_slice(&compact);
                ToJson::pretty(&mut pretty).deserialize(&mut reader).map_err(Failure::message)?;
                pretty.push(b'\n');
                self.out.write_all(&pretty)?;
            }
            Format::Table(rows) => rows.push(vec![
                escape_line(decision.file).into_owned(),
                decision.document.to_string(),
                decision.verdict.map_or("-".to_owned(), |verdict| verdict.to_string()),
                reasons_in_words(decision.output.get(), "\n"),
            ]),
            Format::Report(_, cases) => cases.push(Case {
                file: decision.file.to_owned(),
                document: Some(decision.document),
                place: Some(document.start()),
                verdict: match decision.verdict {
                    Some(Verdict::Allowed) => report::Verdict::Allowed,
                    Some(Verdict::Denied) => {
                        report::Verdict::Denied(findings(decision.output.get(), document))
                    }
                    None => report::Verdict::None,
                },
            }),
        }
        Ok(())
    }

    /// Prints an error, after the decisions that came before it.
    pub(super) fn print_error(
        &mut self,
        problem: &Problem<'_>,
        help: Option<&str>,
    ) -> Result<(), Failure> {
        self.out.flush()?;
        print_error(&problem.words, help);
        if let Format::Report(_, cases) = &mut self.format {
            cases.push(Case {
                file: problem.file.to_owned(),
                document: problem.document,
                place: problem.place,
                verdict: report::Verdict::Failed(problem.message.clone()),
            });
        }
        Ok(())
    }

    /// Prints what was kept until all is known.
    pub(super) fn finish(self, policy: &Entry, version: &str) -> Result<(), Failure> {
        match self.format {
            Format::Json | Format::Pretty => {}
            Format::Table(rows) if rows.is_empty() => {}
            Format::Table(rows) => {
                let table = output::table(&["FILE", "DOCUMENT", "VERDICT", "WHY"], rows);
                self.out.write_all(table.as_bytes())?;
            }
            Format::Report(format, cases) => {
                let description = policy.registration.description;
                let report =
                    Report { command: "eval", policy: policy.name(), version, description, cases };
                report.write(format, self.out)?;
            }
        }
        Ok(())
    }
}

/// A decision on one line. Between an output's parts a policy may break lines; in strings they are
/// escaped.
fn line(decision: &Printed<'_>) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(decision)?;
    line.retain(|byte| !matches!(byte, b'\n' | b'\r'));
    line.push(b'\n');
    Ok(line)
}

/// The reasons of an output, each with the place of what offends.
fn findings(output: &str, document: &Document<'_>) -> Vec<Finding> {
    let reasons = reasons(output);
    // The document is read once more for its places, and only if one is asked for.
    let places = reasons.iter().any(|reason| reason.field.is_some());
    let places = places.then(|| document.places()).flatten();
    // A policy names fields of the object that an `AdmissionReview` asks about.
    let object = places.as_ref().map(|places| places.find("request.object").unwrap_or(places));
    let findings = reasons.into_iter().map(|reason| Finding {
        place: object.zip(reason.field.as_deref()).map(|(object, field)| object.nearest(field).at),
        check: reason.check,
        field: reason.field,
        message: reason.message,
    });
    findings.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decision_is_printed_on_one_line() {
        let output = RawValue::from_string("{\"a\":\r\n [1,\n \"\\n\"]}".to_owned()).unwrap();
        let decision = Printed {
            file: "a\nb",
            document: 1,
            policy: "p",
            version: "1.0.0",
            verdict: None,
            output: &output,
        };
        assert_eq!(
            String::from_utf8(line(&decision).unwrap()).unwrap(),
            "{\"file\":\"a\\nb\",\"document\":1,\"policy\":\"p\",\"version\":\"1.0.0\",\
             \"verdict\":null,\"output\":{\"a\": [1, \"\\n\"]}}\n"
        );
    }
}
