use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};

use policy_api::Verdict;
use policy_report::{self as report, Finding, Outcome, Position, Report, Rule, Words};
use policy_text::escape_line;
use serde::Serialize;

use crate::cli::args::TestFormat;
use crate::cli::report::{TOOL, rules};
use crate::cli::{Failure, output, print_error};
use crate::suites::{Case, CaseResult, CheckCoverage, Coverage, Difference, Judgement, Suite};

const WORDS: Words =
    Words { command: "test", passed: "passed", failed: "failed", broken: "undecided" };

/// Prints what came of cases.
pub(super) struct Printer<'a> {
    format: Format,
    out: &'a mut dyn Write,
}

enum Format {
    Json,
    Table(Table),
    Report(report::Format, Box<Report>, BTreeSet<String>),
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
    failed: usize,
    undecided: usize,
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
    diff: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

#[derive(Serialize)]
struct PrintedDifference<'a> {
    expectation: &'a str,
    line: Option<usize>,
    column: Option<usize>,
    message: &'a str,
}

/// The coverage, as it is printed in JSON behind the cases.
#[derive(Serialize)]
struct PrintedCoverage<'a> {
    coverage: &'a Coverage,
}

impl From<TestFormat> for Format {
    fn from(format: TestFormat) -> Self {
        let format = match format {
            TestFormat::Json => return Self::Json,
            TestFormat::Table => return Self::Table(Table::default()),
            TestFormat::Junit => report::Format::JUnit,
            TestFormat::Sarif => report::Format::Sarif,
            TestFormat::Tap => report::Format::Tap,
            TestFormat::Github => report::Format::GitHub,
            TestFormat::Markdown => report::Format::Markdown,
        };
        let suites = Rule {
            id: "suite".to_owned(),
            summary: "A suite can be read".to_owned(),
            severity: report::Severity::High,
            link: None,
        };
        let report = Report { tool: TOOL, words: WORDS, rules: vec![suites], cases: Vec::new() };
        Self::Report(format, Box::new(report), BTreeSet::new())
    }
}

impl<'a> Printer<'a> {
    pub(super) fn new(format: Option<TestFormat>, out: &'a mut dyn Write) -> Self {
        let format = format.unwrap_or_else(|| {
            if io::stdout().is_terminal() { TestFormat::Table } else { TestFormat::Json }
        });
        Self { format: format.into(), out }
    }

    /// Prints an error of a suite, or of a folder of them.
    pub(super) fn print_error(
        &mut self,
        file: &str,
        place: Option<Position>,
        message: String,
        help: Option<&str>,
    ) -> Result<(), Failure> {
        self.out.flush()?;
        print_error(&message, help);
        if let Format::Report(_, report, _) = &mut self.format {
            report.cases.push(report::Case {
                file: file.to_owned(),
                name: "the suite".to_owned(),
                judge: "suite".to_owned(),
                rule: "suite".to_owned(),
                place,
                outcome: Outcome::Broken(message),
            });
        }
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
            Format::Json => self.line(&Printed::new(suite, case, result))?,
            Format::Table(table) => table.add(suite, case, result),
            Format::Report(_, report, policies) => {
                let entry = &case.subject.entry;
                let judge = format!("{}@{}", entry.name(), case.subject.version);
                if policies.insert(judge.clone()) {
                    report.rules.extend(rules(entry));
                }
                report.cases.push(report::Case {
                    file: suite.file.clone(),
                    name: case.name.clone(),
                    judge,
                    rule: entry.name().to_owned(),
                    place: Some(case.at),
                    outcome: outcome(&result.judgement),
                });
            }
        }
        Ok(())
    }

    /// Prints what was kept until all is known.
    pub(super) fn finish(mut self, coverage: Option<&Coverage>) -> Result<(), Failure> {
        if let Format::Json = self.format {
            if let Some(coverage) = coverage {
                self.line(&PrintedCoverage { coverage })?;
            }
            return Ok(());
        }
        let coverage = coverage.map(coverage_text);
        match self.format {
            Format::Json => {}
            Format::Table(table) => {
                self.out.write_all(table.text().as_bytes())?;
                self.out.write_all(coverage.unwrap_or_default().as_bytes())?;
            }
            Format::Report(format, report, _) => {
                report.write(format, self.out)?;
                match coverage {
                    None => {}
                    Some(text) if format == report::Format::Markdown => {
                        write!(self.out, "\n```text\n{}```\n", text.trim_start())?;
                    }
                    Some(text) => {
                        self.out.flush()?;
                        // With standard error closed there is nobody left to tell.
                        let _ = io::stderr().write_all(text.trim_start().as_bytes());
                    }
                }
            }
        }
        Ok(())
    }

    fn line(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut *self.out, value)?;
        self.out.write_all(b"\n")
    }
}

fn outcome(judgement: &Judgement) -> Outcome {
    match judgement {
        Judgement::Passed => Outcome::Passed,
        Judgement::Undecided(error) => Outcome::Broken(error.clone()),
        Judgement::Failed(differences) => {
            let findings = differences.iter().map(|Difference { path, at, message }| Finding {
                check: None,
                field: Some(path.clone()),
                message: message.clone(),
                place: at.place(),
            });
            Outcome::Failed(findings.collect())
        }
    }
}

impl<'a> Printed<'a> {
    fn new(suite: &'a Suite, case: &'a Case, result: &'a CaseResult) -> Self {
        let (line, column) = case.at;
        let mut printed = Self {
            suite: &suite.file,
            case: &case.name,
            line,
            column,
            policy: case.subject.entry.name(),
            version: &case.subject.version,
            result: WORDS.passed,
            verdict: result.answer.as_ref().and_then(|answer| answer.verdict),
            checks: result.answer.as_ref().map_or(&[], |answer| &answer.checks),
            differences: Vec::new(),
            diff: None,
            error: None,
        };
        match &result.judgement {
            Judgement::Passed => {}
            Judgement::Failed(differences) => {
                printed.result = WORDS.failed;
                printed.differences = differences.iter().map(PrintedDifference::new).collect();
                printed.diff = Some(differences.diff().join("\n"));
            }
            Judgement::Undecided(error) => {
                printed.result = WORDS.broken;
                printed.error = Some(error);
            }
        }
        printed
    }
}

impl<'a> PrintedDifference<'a> {
    fn new(difference: &'a Difference) -> Self {
        let Difference { path, at, message } = difference;
        let (line, column) = at.place().unzip();
        Self { expectation: path, line, column, message }
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
            let _ = writeln!(self.details, "\n{file}:{line}:{column} {name}: {word}");
        };
        match &result.judgement {
            Judgement::Passed => counts.passed += 1,
            Judgement::Failed(differences) => {
                counts.failed += 1;
                head(WORDS.failed);
                for line in differences.diff() {
                    self.details.extend(["  ", line, "\n"]);
                }
            }
            Judgement::Undecided(error) => {
                counts.undecided += 1;
                head(WORDS.broken);
                self.details.extend(["  ", &escape_line(error), "\n"]);
            }
        }
    }

    fn text(self) -> String {
        if self.suites.is_empty() {
            return String::new();
        }
        let rows = self.suites.into_iter().map(|counts| {
            let Counts { suite, passed, failed, undecided } = counts;
            let suite = escape_line(&suite).into_owned();
            vec![suite, passed.to_string(), failed.to_string(), undecided.to_string()]
        });
        output::table(&["SUITE", "PASSED", "FAILED", "UNDECIDED"], rows) + &self.details
    }
}

fn coverage_text(coverage: &Coverage) -> String {
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
