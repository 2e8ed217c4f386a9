//! [SARIF 2.1.0](https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html): a result for each
//! thing that is denied, with file, line and column. What has no answer is a notification.

use std::collections::BTreeMap;
use std::io::{self, Write};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::case::Problem;
use super::{Case, Report};

/// What stays as it is in the path of a URI.
const PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_').remove(b'~');

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut rules = Rules::new(report);
    let (mut results, mut notifications) = (Vec::new(), Vec::new());
    for case in &report.cases {
        for problem in case.problems() {
            // A viewer would make a link of a stranger's `[…](…)`.
            let message = Message { text: problem.text.replace("](", "] (") };
            let locations = locations(case, &problem);
            if case.is_failed() {
                notifications.push(Notification { level: "error", message, locations });
                continue;
            }
            let (rule_id, rule_index) = rules.take(problem.check);
            results.push(Entry { rule_id, rule_index, level: "error", message, locations });
        }
    }
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "policy-engine",
                    semantic_version: env!("CARGO_PKG_VERSION"),
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

/// The checks that found something, in the order in which they did.
struct Rules<'a> {
    report: &'a Report<'a>,
    listed: Vec<Rule>,
    indices: BTreeMap<String, usize>,
}

impl<'a> Rules<'a> {
    fn new(report: &'a Report<'a>) -> Self {
        Self { report, listed: Vec::new(), indices: BTreeMap::new() }
    }

    /// The id and the index of a check's rule; of the policy's own where no check is named.
    fn take(&mut self, check: Option<&str>) -> (String, usize) {
        let policy = self.report.policy;
        let id = check.map_or_else(|| policy.to_owned(), |check| format!("{policy}/{check}"));
        let index = *self.indices.entry(id.clone()).or_insert_with(|| {
            let description = self.report.description;
            let text = if description.is_empty() { policy } else { description };
            self.listed.push(Rule {
                id: id.clone(),
                short_description: Message { text: text.to_owned() },
            });
            self.listed.len() - 1
        });
        (id, index)
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
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    invocations: [Invocation; 1],
    column_kind: &'static str,
    results: Vec<Entry>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: String,
    short_description: Message,
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
