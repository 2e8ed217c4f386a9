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
    between(text, START, &of(&results.rows())?, END)
}

/// The figures, as a table.
fn of(rows: &[Row]) -> Option<String> {
    let row = |what: &str, against: &str| {
        rows.iter().find(|row| row.what == what && row.against.starts_with(against))
    };
    let decision = "one decision, `http-authz`";
    let faster = ["OPA", "regorus", "cedar-policy"].map(|peer| {
        let row = row(decision, peer)?;
        Some(format!("{}\u{d7} as fast as {}", number(row.figure), row.against))
    });
    let faster = faster.into_iter().collect::<Option<Vec<_>>>()?.join(", ");
    let ours = |what: &str| Some(quantity(&row(what, "")?.ours));
    let go = |what: &str| row(what, "Go")?.theirs.as_ref().map(quantity);
    let http = "HTTP decisions, 256 connections";
    let (rest, most) = ("memory at rest", "memory, the most under that load");
    let start = "start to first answer";
    Some(format!(
        "| | here | beside it |\n\
         | --- | ---: | --- |\n\
         | one decision in process, `http-authz` | {} | {faster} |\n\
         | HTTP decisions, 256 connections | {} | Go `net/http` {} |\n\
         | memory at rest, and under that load | {}, {} | Go `net/http` {}, {} |\n\
         | start to first answer | {} | Go `net/http` {} |\n\
         | image of all policies, compressed | {} | |\n",
        ours(decision)?,
        quantity(&row(http, "Go")?.ours),
        go(http)?,
        quantity(&row(rest, "Go")?.ours),
        quantity(&row(most, "Go")?.ours),
        go(rest)?,
        go(most)?,
        ours(start)?,
        go(start)?,
        ours("image of all policies, compressed")?,
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
        assert_eq!(of(&[row]), None);
    }
}
