use std::io::{self, IsTerminal, Write};

use policy_api::Verdict;
use policy_text::escape_line;
use serde::Serialize;

use crate::cli::args::TestFormat;
use crate::cli::{Failure, output, print_error};
use crate::documents::tree::Position;
use crate::suites::{Case, CaseResult, CheckCoverage, Coverage, Difference, Judgement, Suite};

/// Prints what came of cases.
pub(super) struct Printer<'a> {
    format: Format,
    out: &'a mut dyn Write,
}

enum Format {
    Json,
    Table(Table),
}

/// The counts of each suite, and what is to be told behind them.
#[derive(Default)]
struct Table {
    suites: Vec<Counts>,
    details: String,
}

#[derive(Default)]
struct Counts {
    suite: String,
    passed: usize,
    differ: usize,
    failed: usize,
}

/// One case, as it is printed in JSON.
#[derive(Serialize)]
struct Printed<'a> {
    suite: &'a str,
    case: &'a str,
    line: usize,
    column: usize,
    policy: &'a str,
    version: &'a str,
    result: &'static str,
    verdict: Option<Verdict>,
    checks: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    differences: Vec<PrintedDifference<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

#[derive(Serialize)]
struct PrintedDifference<'a> {
    expectation: &'a str,
    at: &'a crate::documents::located::Origin,
    message: &'a str,
}

/// The coverage, as it is printed in JSON behind the cases.
#[derive(Serialize)]
struct PrintedCoverage<'a> {
    coverage: &'a Coverage,
}

impl<'a> Printer<'a> {
    pub(super) fn new(format: Option<TestFormat>, out: &'a mut dyn Write) -> Self {
        let format = format.unwrap_or_else(|| {
            if io::stdout().is_terminal() { TestFormat::Table } else { TestFormat::Json }
        });
        let format = match format {
            TestFormat::Json => Format::Json,
            TestFormat::Table => Format::Table(Table::default()),
        };
        Self { format, out }
    }

    /// Prints an error of a suite, or of a folder of them.
    pub(super) fn print_error(
        &mut self,
        _file: &str,
        _place: Option<Position>,
        message: String,
        help: Option<&str>,
    ) -> Result<(), Failure> {
        self.out.flush()?;
        print_error(&message, help);
        Ok(())
    }

    /// Prints what came of a case.
    pub(super) fn print(
        &mut self,
        suite: &Suite,
        case: &Case,
        result: &CaseResult,
    ) -> Result<(), Failure> {
        match &mut self.format {
            Format::Json => {
                serde_json::to_writer(&mut *self.out, &Printed::new(suite, case, result))
                    .map_err(io::Error::from)?;
                self.out.write_all(b"\n")?;
            }
            Format::Table(table) => table.add(suite, case, result),
        }
        Ok(())
    }

    /// Prints what was kept until all is known.
    pub(super) fn finish(self, coverage: Option<&Coverage>) -> Result<(), Failure> {
        match self.format {
            Format::Json => {
                if let Some(coverage) = coverage {
                    serde_json::to_writer(&mut *self.out, &PrintedCoverage { coverage })
                        .map_err(io::Error::from)?;
                    self.out.write_all(b"\n")?;
                }
            }
            Format::Table(table) => {
                self.out.write_all(table.text().as_bytes())?;
                if let Some(coverage) = coverage {
                    self.out.write_all(coverage_table(coverage).as_bytes())?;
                }
            }
        }
        Ok(())
    }
}

impl<'a> Printed<'a> {
    fn new(suite: &'a Suite, case: &'a Case, result: &'a CaseResult) -> Self {
        let (word, differences, error) = match &result.judgement {
            Judgement::Passed => ("passed", Vec::new(), None),
            Judgement::Differs(differences) => {
                ("differs", differences.iter().map(PrintedDifference::new).collect(), None)
            }
            Judgement::Failed(error) => ("failed", Vec::new(), Some(error.as_str())),
        };
        let (line, column) = case.at;
        Self {
            suite: &suite.file,
            case: &case.name,
            line,
            column,
            policy: case.subject.entry.name(),
            version: &case.subject.version,
            result: word,
            verdict: result.answer.as_ref().and_then(|answer| answer.verdict),
            checks: result.answer.as_ref().map_or(&[], |answer| &answer.checks),
            differences,
            error,
        }
    }
}

impl<'a> PrintedDifference<'a> {
    fn new(difference: &'a Difference) -> Self {
        let Difference { path, at, message } = difference;
        Self { expectation: path, at, message }
    }
}

impl Table {
    fn add(&mut self, suite: &Suite, case: &Case, result: &CaseResult) {
        if self.suites.last().is_none_or(|last| last.suite != suite.file) {
            self.suites.push(Counts { suite: suite.file.clone(), ..Counts::default() });
        }
        let Some(counts) = self.suites.last_mut() else { return };
        let (line, column) = case.at;
        let mut head = |word| {
            let (file, name) = (escape_line(&suite.file), escape_line(&case.name));
            self.details.push_str(&format!("\n{file}:{line}:{column} {name}: {word}\n"));
        };
        match &result.judgement {
            Judgement::Passed => counts.passed += 1,
            Judgement::Differs(differences) => {
                counts.differ += 1;
                head("differs");
                for line in differences.diff() {
                    self.details.extend(["  ", line, "\n"]);
                }
            }
            Judgement::Failed(error) => {
                counts.failed += 1;
                head("failed");
                self.details.extend(["  ", &escape_line(error), "\n"]);
            }
        }
    }

    fn text(self) -> String {
        let rows = self.suites.into_iter().map(|counts| {
            let Counts { suite, passed, differ, failed } = counts;
            let suite = escape_line(&suite).into_owned();
            vec![suite, passed.to_string(), differ.to_string(), failed.to_string()]
        });
        output::table(&["SUITE", "PASSED", "DIFFER", "FAILED"], rows) + &self.details
    }
}

fn coverage_table(coverage: &Coverage) -> String {
    let rows = coverage.checks.iter().map(|check| {
        let CheckCoverage { policy, version, check: id, allowed, denied } = check;
        vec![
            format!("{policy}@{version}"),
            id.unwrap_or("-").to_owned(),
            allowed.to_string(),
            denied.to_string(),
            if check.is_covered() { "yes" } else { "no" }.to_owned(),
        ]
    });
    let table = output::table(&["POLICY", "CHECK", "ALLOWED", "DENIED", "COVERED"], rows);
    let (covered, all, percent) = (coverage.covered, coverage.checks.len(), coverage.percent());
    format!("\n{table}\n{covered} of {all} checks are covered ({percent}%)\n")
}
