use std::io::{self, IsTerminal, Write};

use policy_api::Verdict;
use policy_report::{self as report, Case, Outcome, Report, Words};
use policy_text::escape_line;
use serde::Serialize;
use serde::de::DeserializeSeed;
use serde_json::value::RawValue;

use crate::cli::args::DecisionFormat;
use crate::cli::report::{TOOL, findings, rules};
use crate::cli::{Failure, output, print_error};
use crate::documents::tree::Position;
use crate::documents::{Document, ToJson};
use crate::policies::{Entry, reasons_in_words};

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
    policy: &'a Entry,
    /// Its name and version, such as `pods@1.0.0`.
    policy_ref: String,
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
    pub(super) fn new(
        policy: &'a Entry,
        format: Option<DecisionFormat>,
        out: &'a mut dyn Write,
    ) -> Self {
        let format = format.unwrap_or_else(|| {
            if io::stdout().is_terminal() { DecisionFormat::Table } else { DecisionFormat::Json }
        });
        let policy_ref = format!("{}@{}", policy.name(), policy.version);
        Self { policy, policy_ref, format: format.into(), out }
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
                name: format!("document {}", decision.document),
                judge: self.policy_ref.clone(),
                rule: decision.policy.to_owned(),
                place: Some(document.start()),
                outcome: match decision.verdict {
                    Some(Verdict::Denied) => {
                        Outcome::Failed(findings(decision.output.get(), document))
                    }
                    Some(Verdict::Allowed) | None => Outcome::Passed,
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
            let name = problem.document.map(|number| format!("document {number}"));
            cases.push(Case {
                file: problem.file.to_owned(),
                name: name.unwrap_or_else(|| "the file".to_owned()),
                judge: self.policy_ref.clone(),
                rule: self.policy.name().to_owned(),
                place: problem.place,
                outcome: Outcome::Broken(problem.message.clone()),
            });
        }
        Ok(())
    }

    /// Prints what was kept until all is known.
    pub(super) fn finish(self) -> Result<(), Failure> {
        match self.format {
            Format::Json | Format::Pretty => {}
            Format::Table(rows) if rows.is_empty() => {}
            Format::Table(rows) => {
                let table = output::table(&["FILE", "DOCUMENT", "VERDICT", "WHY"], rows);
                self.out.write_all(table.as_bytes())?;
            }
            Format::Report(format, cases) => {
                let words = Words {
                    command: "eval",
                    passed: "allowed",
                    failed: "denied",
                    broken: "failed",
                };
                let report = Report { tool: TOOL, words, rules: rules(self.policy), cases };
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
