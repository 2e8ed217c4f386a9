//! The few figures that the README has, each beside a peer's.

use std::{fs, io};

use crate::paths;
use crate::results::{Results, Row};
use crate::table::{between, number, quantity};

const START: &str = "<!-- figures: written by `cargo benchmarks` -->\n";
const END: &str = "<!-- end of figures -->\n";

/// Puts the figures into the README.
pub(crate) fn write(results: &Results) -> io::Result<()> {
    let readme = paths::readme();
    let text = fs::read_to_string(&readme)?;
    let text = in_text(&text, results).ok_or_else(|| {
        io::Error::other("a figure was not measured, or README.md has no place for it")
    })?;
    fs::write(readme, text)
}

/// A text with the figures in their place, if it has one and they were measured.
pub(crate) fn in_text(text: &str, results: &Results) -> Option<String> {
    between(text, START, &table(&results.rows())?, END)
}

const DECISION: &str = "one decision, `http-authz`";
const START_TIME: &str = "start to first answer";
const IMAGE: &str = "image of all policies, compressed";

/// The result of a comparison with a peer, or of none.
fn find<'r>(rows: &'r [Row], what: &str, against: &str) -> Option<&'r Row> {
    rows.iter().find(|row| row.what == what && row.against.starts_with(against))
}

/// The figures, as a table.
fn table(rows: &[Row]) -> Option<String> {
    let row = |what: &str, against: &str| find(rows, what, against);
    let faster = ["OPA", "regorus", "cedar-policy"].map(|peer| {
        let row = row(DECISION, peer)?;
        Some(format!("{}\u{d7} as fast as {}", number(row.figure), row.against))
    });
    let faster = faster.into_iter().collect::<Option<Vec<_>>>()?.join(", ");
    let ours = |what: &str| Some(quantity(&row(what, "")?.ours));
    let go = |what: &str| row(what, "Go")?.theirs.as_ref().map(quantity);
    let latency = "HTTP decisions at 5\u{a0}000 a second, 99th percentile";
    let http = "HTTP decisions, 256 connections";
    let (rest, most) = ("memory at rest", "memory, the most under that load");
    Some(format!(
        "| | here | beside it |\n\
         | --- | ---: | --- |\n\
         | one decision in process, `http-authz` | {} | {faster} |\n\
         | 99 of 100 HTTP decisions, at 5\u{a0}000 a second | {} | Go `net/http` {} |\n\
         | HTTP decisions, 256 connections | {} | Go `net/http` {} |\n\
         | memory at rest, and under that load | {}, {} | Go `net/http` {}, {} |\n\
         | start to first answer | {} | Go `net/http` {} |\n\
         | image of all policies, compressed | {} | |\n",
        ours(DECISION)?,
        quantity(&row(latency, "Go")?.ours),
        go(latency)?,
        quantity(&row(http, "Go")?.ours),
        go(http)?,
        quantity(&row(rest, "Go")?.ours),
        quantity(&row(most, "Go")?.ours),
        go(rest)?,
        go(most)?,
        ours(START_TIME)?,
        go(START_TIME)?,
        ours(IMAGE)?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Goal, Quantity};

    #[test]
    fn figure_that_was_not_measured_is_missed() {
        let row = Row {
            what: "one decision, `http-authz`".to_owned(),
            against: "OPA 1".to_owned(),
            ours: Quantity::new(1.0, "µs"),
            theirs: Some(Quantity::new(100.0, "µs")),
            figure: 100.0,
            goal: Goal::None,
        };
        assert_eq!(table(&[row]), None);
    }

    #[test]
    fn readme_begins_with_the_recorded_figures() {
        let rows = Results::read().unwrap().rows();
        let row = |what: &str, against: &str| find(&rows, what, against).unwrap();
        let readme = fs::read_to_string(paths::readme()).unwrap();
        let readme = readme.split_whitespace().collect::<Vec<_>>().join(" ");
        for sentence in [
            format!(
                "A decision takes {:.2} µs: {:.0} times as fast as OPA, {:.0} times as fast as Cedar.",
                row(DECISION, "").ours.value,
                row(DECISION, "OPA").figure,
                row(DECISION, "cedar-policy").figure
            ),
            format!("An image is {:.1} MB:", row(IMAGE, "").ours.value),
            format!("It answers {:.1} ms after its start.", row(START_TIME, "").ours.value),
        ] {
            assert!(readme.contains(&sentence), "README.md does not say: {sentence}");
        }
    }
}
