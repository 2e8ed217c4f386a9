//! [SARIF 2.1.0](https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html): a result for each
//! finding, with file, line and column. What could not be looked at is a notification.

use std::collections::BTreeMap;
use std::io::{self, Write};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::case::Problem;
use super::{Case, Report, Severity};

/// What stays as it is in the path of a URI.
const PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_').remove(b'~');

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut rules = Rules::new(report);
    let (mut results, mut notifications) = (Vec::new(), Vec::new());
    for case in &report.cases {
        for problem in case.problems(report.words) {
            // A viewer would make a link of a stranger's `[…](…)`.
            let message = Message { text: problem.text.replace("](", "] (") };
            let locations = locations(case, &problem);
            if case.is_broken() {
                notifications.push(Notification { level: "error", message, locations });
                continue;
            }
            let (rule_index, level) = rules.take(&problem.rule);
            let rule_id = problem.rule;
            results.push(Entry { rule_id, rule_index, level, message, locations });
        }
    }
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: report.tool.name,
                    semantic_version: report.tool.version,
                    rules: rules.listed,
                },
            },
            invocations: [Invocation {
                execution_successful: notifications.is_empty(),
                tool_execution_notifications: notifications,
            }],
            column_kind: "unicodeCodePoints",
            results,
        }],
    };
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

/// The rules that are broken, in the order in which they were found to be.
struct Rules<'a> {
    report: &'a Report,
    listed: Vec<ReportingDescriptor<'a>>,
    indices: BTreeMap<String, (usize, &'static str)>,
}

impl<'a> Rules<'a> {
    fn new(report: &'a Report) -> Self {
        Self { report, listed: Vec::new(), indices: BTreeMap::new() }
    }

    /// The index of a rule, and the level of what breaks it.
    fn take(&mut self, id: &str) -> (usize, &'static str) {
        if let Some(taken) = self.indices.get(id) {
            return *taken;
        }
        let rule = self.report.rule(id);
        let severity = rule.map_or(Severity::High, |rule| rule.severity);
        let summary = rule.map(|rule| &*rule.summary).filter(|summary| !summary.is_empty());
        self.listed.push(ReportingDescriptor {
            id: id.to_owned(),
            short_description: Message { text: summary.unwrap_or(id).to_owned() },
            help_uri: rule.and_then(|rule| rule.link.as_deref()),
            properties: Properties { security_severity: score(severity) },
        });
        let taken = (self.listed.len() - 1, level(severity));
        self.indices.insert(id.to_owned(), taken);
        taken
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    }
}

/// The number that GitHub's [code scanning] sorts by: above 9 is critical, from 7 high, from 4
/// medium.
///
/// [code scanning]: https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
    }
}

/// The place of a problem; none on standard input, which is no file of a repository.
fn locations(case: &Case, problem: &Problem<'_>) -> Vec<Location> {
    if case.is_standard_input() {
        return Vec::new();
    }
    let path = utf8_percent_encode(case.file.trim_start_matches("./"), PATH).to_string();
    let uri = if path.starts_with('/') { format!("file://{path}") } else { path };
    let region =
        problem.place.map(|(start_line, start_column)| Region { start_line, start_column });
    vec![Location {
        physical_location: PhysicalLocation { artifact_location: Artifact { uri }, region },
    }]
}

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    invocations: [Invocation; 1],
    column_kind: &'static str,
    results: Vec<Entry>,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<ReportingDescriptor<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReportingDescriptor<'a> {
    id: String,
    short_description: Message,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_uri: Option<&'a str>,
    properties: Properties,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Properties {
    security_severity: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Message,
    locations: Vec<Location>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    rule_id: String,
    rule_index: usize,
    level: &'static str,
    message: Message,
    locations: Vec<Location>,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: Artifact,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
}
