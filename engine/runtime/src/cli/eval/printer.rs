use std::io::{self, IsTerminal, Write};

use policy_api::Verdict;
use policy_text::escape_line;
use serde::Serialize;
use serde::de::DeserializeSeed;
use serde_json::value::RawValue;

use crate::cli::args::DecisionFormat;
use crate::cli::{Failure, output, print_error};
use crate::documents::ToJson;
use crate::policies::reasons;

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

/// Prints decisions as they are made; a table when all are known.
pub(super) struct Printer<'a> {
    format: DecisionFormat,
    out: &'a mut dyn Write,
    rows: Vec<Vec<String>>,
}

impl<'a> Printer<'a> {
    pub(super) fn new(format: Option<DecisionFormat>, out: &'a mut dyn Write) -> Self {
        let format = format.unwrap_or_else(|| {
            if io::stdout().is_terminal() { DecisionFormat::Table } else { DecisionFormat::Json }
        });
        Self { format, out, rows: Vec::new() }
    }

    pub(super) fn print(&mut self, decision: &Printed<'_>) -> Result<(), Failure> {
        match self.format {
            DecisionFormat::Json => {
                let mut line = serde_json::to_vec(decision).map_err(io::Error::from)?;
                // Between an output's parts, a policy may break lines; in strings they are escaped.
                line.retain(|byte| !matches!(byte, b'\n' | b'\r'));
                line.push(b'\n');
                self.out.write_all(&line)?;
            }
            DecisionFormat::Pretty => {
                let compact = serde_json::to_vec(decision).map_err(Failure::message)?;
                let mut pretty = Vec::new();
                let mut reader = serde_json::Deserializer::from_slice(&compact);
                ToJson::pretty(&mut pretty).deserialize(&mut reader).map_err(Failure::message)?;
                pretty.push(b'\n');
                self.out.write_all(&pretty)?;
            }
            DecisionFormat::Table => self.rows.push(vec![
                escape_line(decision.file).into_owned(),
                decision.document.to_string(),
                decision.verdict.map_or("-".to_owned(), |verdict| verdict.to_string()),
                reasons(decision.output.get()).join("\n"),
            ]),
        }
        Ok(())
    }

    /// Prints an error, after the decisions that came before it.
    pub(super) fn print_error(&mut self, problem: &str, help: Option<&str>) -> Result<(), Failure> {
        self.out.flush()?;
        print_error(problem, help);
        Ok(())
    }

    pub(super) fn finish(self) -> Result<(), Failure> {
        if !self.rows.is_empty() {
            let table = output::table(&["FILE", "DOCUMENT", "VERDICT", "WHY"], self.rows);
            self.out.write_all(table.as_bytes())?;
        }
        Ok(())
    }
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
        let mut out = Vec::new();
        Printer::new(Some(DecisionFormat::Json), &mut out).print(&decision).unwrap_or(());
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "{\"file\":\"a\\nb\",\"document\":1,\"policy\":\"p\",\"version\":\"1.0.0\",\
             \"verdict\":null,\"output\":{\"a\": [1, \"\\n\"]}}\n"
        );
    }
}
