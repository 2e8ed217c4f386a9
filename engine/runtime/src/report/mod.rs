//! Reports of decisions, in the forms that other tools read.
//!
//! [`case`] is what every form is made of; each form has a file of its own.

mod case;
mod github;
mod junit;
mod markdown;
mod sarif;
mod tap;

use std::io::{self, Write};

pub(crate) use case::{Case, Finding, Report, Verdict};

/// The forms of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// JUnit's XML, as Jenkins describes it: a suite a file, and a test case a document.
    JUnit,
    /// SARIF 2.1.0: a result for each thing that is denied, with its place.
    Sarif,
    /// The Test Anything Protocol, version 14.
    Tap,
    /// GitHub's workflow commands: an annotation for each thing that is denied.
    GitHub,
    /// A table for a comment or a summary.
    Markdown,
}

impl Report<'_> {
    /// Writes the whole report.
    ///
    /// # Errors
    /// Fails when `out` does.
    pub(crate) fn write(&self, format: Format, out: &mut dyn Write) -> io::Result<()> {
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
    pub(super) fn sample() -> Report<'static> {
        let case = |file: &str, document, place, verdict| Case {
            file: file.to_owned(),
            document,
            place,
            verdict,
        };
        let findings = vec![
            Finding {
                check: Some("hostNamespaces".to_owned()),
                field: Some("spec.hostNetwork".to_owned()),
                message: "`hostNetwork` is `true`, 100% | <b>".to_owned(),
                place: Some((9, 16)),
            },
            Finding {
                check: None,
                field: None,
                message: "two\nlines \u{1b}[31m ]]> # & \"x\"".to_owned(),
                place: None,
            },
        ];
        Report {
            command: "eval",
            policy: "pods",
            version: "1.0.0",
            description: "Judges pods",
            cases: vec![
                case("a b/pods.yaml", Some(1), Some((1, 1)), Verdict::Allowed),
                case("a b/pods.yaml", Some(2), Some((6, 1)), Verdict::Denied(findings)),
                case("-", Some(1), None, Verdict::Denied(Vec::new())),
                case("-", Some(2), None, Verdict::None),
                case("x:y,z.json", None, None, Verdict::Failed("failed to read it".to_owned())),
            ],
        }
    }

    fn written(format: Format) -> String {
        let mut out = Vec::new();
        sample().write(format, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// `tests/engine/cli/formats.rs` gives such texts to readers that are not ours.
    #[test]
    fn every_format_has_its_golden_file() {
        for (format, golden) in [
            (Format::JUnit, include_str!("golden/junit.xml")),
            (Format::Sarif, include_str!("golden/sarif.json")),
            (Format::Tap, include_str!("golden/tap.txt")),
            (Format::GitHub, include_str!("golden/github.txt")),
            (Format::Markdown, include_str!("golden/markdown.md")),
        ] {
            let written = written(format).replace(env!("CARGO_PKG_VERSION"), "VERSION");
            assert_eq!(written, golden, "{format:?}");
        }
    }
}
