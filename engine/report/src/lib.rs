//! Reports of what a command found, in the forms that other tools read.
//!
//! A [`Report`] has [`Case`]s, which pass or break [`Rule`]s. Each form has a file of its own.

mod case;
mod github;
mod junit;
mod markdown;
mod sarif;
mod tap;

use std::io::{self, Write};

pub use case::{Case, Finding, Outcome, Position, Report, Rule, Severity, Tool, Words};
pub use markdown::code as markdown_code;

/// The forms of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JUnit's XML, as Jenkins describes it: a suite a file, and a test case for each case.
    JUnit,
    /// SARIF 2.1.0: a result for each finding, with its place.
    Sarif,
    /// The Test Anything Protocol, version 14.
    Tap,
    /// GitHub's workflow commands: an annotation for each finding.
    GitHub,
    /// A table for a comment or a summary.
    Markdown,
}

impl Report {
    /// Writes the whole report.
    ///
    /// # Errors
    /// Fails when `out` does.
    pub fn write(&self, format: Format, out: &mut dyn Write) -> io::Result<()> {
        match format {
            Format::JUnit => junit::write(self, out),
            Format::Sarif => sarif::write(self, out),
            Format::Tap => tap::write(self, out),
            Format::GitHub => github::write(self, out),
            Format::Markdown => markdown::write(self, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A report with a case of every kind, in which users' words have what each form has to escape.
    fn sample() -> Report {
        let case = |file: &str, name: &str, place, outcome| Case {
            file: file.to_owned(),
            name: name.to_owned(),
            judge: "pods@1.0.0".to_owned(),
            rule: "pods".to_owned(),
            place,
            outcome,
        };
        let finding = |check: Option<&str>, field: Option<&str>, message: &str, place| Finding {
            check: check.map(str::to_owned),
            field: field.map(str::to_owned),
            message: message.to_owned(),
            place,
        };
        let findings = vec![
            finding(
                Some("hostNamespaces"),
                Some("spec.hostNetwork"),
                "`hostNetwork` is `true`, 100% | <b>",
                Some((9, 16)),
            ),
            finding(None, None, "two\nlines \u{1b}[31m ]]> # & \"x\"", None),
            finding(Some("undeclared"), None, "no rule of this id", None),
        ];
        let rule = |id: &str, summary: &str, severity, link: Option<&str>| Rule {
            id: id.to_owned(),
            summary: summary.to_owned(),
            severity,
            link: link.map(str::to_owned),
        };
        Report {
            tool: Tool { name: "policy-engine", version: "1.2.3" },
            words: Words { command: "eval", passed: "allowed", failed: "denied", broken: "failed" },
            rules: vec![
                rule("pods", "Judges pods", Severity::High, None),
                rule(
                    "pods/hostNamespaces",
                    "Pods share no namespace with the host",
                    Severity::Medium,
                    Some("https://example.org/checks"),
                ),
            ],
            cases: vec![
                case("a b/pods.yaml", "document 1", Some((1, 1)), Outcome::Passed),
                case("a b/pods.yaml", "document 2", Some((6, 1)), Outcome::Failed(findings)),
                case("-", "document 1", None, Outcome::Failed(Vec::new())),
                case("-", "document 2", None, Outcome::Passed),
                case("x:y,z.json", "the file", None, Outcome::Broken("failed to read it".into())),
            ],
        }
    }

    fn written(format: Format) -> String {
        let mut out = Vec::new();
        sample().write(format, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// `GOLDEN=overwrite` writes them anew. `tests/engine/cli/formats.rs` gives such texts to readers that are not ours.
    #[test]
    fn every_format_has_its_golden_file() {
        for (format, name, golden) in [
            (Format::JUnit, "junit.xml", include_str!("golden/junit.xml")),
            (Format::Sarif, "sarif.json", include_str!("golden/sarif.json")),
            (Format::Tap, "tap.txt", include_str!("golden/tap.txt")),
            (Format::GitHub, "github.txt", include_str!("golden/github.txt")),
            (Format::Markdown, "markdown.md", include_str!("golden/markdown.md")),
        ] {
            let written = written(format);
            if std::env::var_os("GOLDEN").is_some_and(|how| how == "overwrite") {
                let file = format!("{}/src/golden/{name}", env!("CARGO_MANIFEST_DIR"));
                std::fs::write(file, &written).unwrap();
            } else {
                assert_eq!(written, golden, "{format:?}");
            }
        }
    }
}
