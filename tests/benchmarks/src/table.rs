//! Results as Markdown, for documents and for whoever waits.

use std::fmt::Write;
use std::{fs, io};

use crate::paths;
use crate::results::{Goal, Quantity, Results, Row};

const START: &str = "<!-- benchmarks: written by `cargo benchmarks` -->\n";
const END: &str = "<!-- end of benchmarks -->\n";

/// Puts the table into the page of all measurements.
pub(crate) fn write(results: &Results) -> io::Result<()> {
    let page = paths::own("README.md");
    let text = fs::read_to_string(&page)?;
    let text = in_text(&text, results).ok_or_else(|| {
        io::Error::other(format!("{} has no place for it: `{}`", page.display(), START.trim()))
    })?;
    fs::write(page, text)
}

/// A text with the table in its place, if it has one.
pub(crate) fn in_text(text: &str, results: &Results) -> Option<String> {
    let table = format!("{}\n{}", from_rows(&results.rows()), machines(results));
    between(text, START, &table, END)
}

/// A text with something else between two lines, if it has them.
pub(crate) fn between(text: &str, start: &str, inner: &str, end: &str) -> Option<String> {
    let (before, rest) = text.split_once(start)?;
    let (_, after) = rest.split_once(end)?;
    Some(format!("{before}{start}\n{inner}\n{end}{after}"))
}

/// The table itself.
pub(crate) fn from_rows(rows: &[Row]) -> String {
    let mut text = "| what | against | ours | theirs | ratio | goal | |\n\
                    | --- | --- | ---: | ---: | ---: | ---: | --- |\n"
        .to_owned();
    for row in rows {
        let Row { what, against, ours, theirs, figure, goal } = row;
        let ratio = theirs.as_ref().map(|_| format!("{}\u{d7}", number(*figure)));
        let times = if theirs.is_some() { "\u{d7}" } else { "" };
        let unit = if theirs.is_some() { "" } else { ours.unit.as_str() };
        let bound = |sign: &str, value: f64| {
            format!("{sign} {}{times} {unit}", number(value)).trim_end().to_owned()
        };
        let told = match goal {
            Goal::AtLeast(value) => bound("\u{2265}", *value),
            Goal::AtMost(value) => bound("\u{2264}", *value),
            Goal::None => String::new(),
        };
        let met = match goal.is_met(*figure) {
            Some(true) => "met",
            Some(false) => "**not met**",
            None => "",
        };
        let _ = writeln!(
            text,
            "| {what} | {against} | {} | {} | {} | {told} | {met} |",
            quantity(ours),
            theirs.as_ref().map(quantity).unwrap_or_default(),
            ratio.unwrap_or_default(),
        );
    }
    text
}

fn machines(results: &Results) -> String {
    let mut machines: Vec<String> = Vec::new();
    for group in results.groups.values() {
        let machine = &group.machine;
        let told = format!(
            "Measured on {} cores of `{}`, with Rust {}.\n",
            machine.cores, machine.processor, machine.rustc
        );
        if !machines.contains(&told) {
            machines.push(told);
        }
    }
    machines.concat()
}

pub(crate) fn quantity(quantity: &Quantity) -> String {
    format!("{} {}", number(quantity.value), quantity.unit)
}

/// Three digits that count, and no more; thousands with spaces.
pub(crate) fn number(value: f64) -> String {
    let decimals = match value.abs() {
        it if it >= 100.0 => 0,
        it if it >= 10.0 => 1,
        it if it >= 0.095 => 2,
        _ => 3,
    };
    let text = format!("{value:.decimals$}");
    let text = match text.split_once('.') {
        Some(_) => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        None => text,
    };
    let mut grouped = String::new();
    let whole = text.find('.').unwrap_or(text.len());
    for (index, digit) in text.char_indices() {
        if index > 0 && index < whole && (whole - index).is_multiple_of(3) {
            grouped.push('\u{a0}');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_significant_digits() {
        for (value, text) in [
            (0.392_4, "0.39"),
            (1.3, "1.3"),
            (24.66, "24.7"),
            (65_723.1, "65\u{a0}723"),
            (0.012, "0.012"),
            (100.0, "100"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn goal_is_shown_as_met_or_not_met() {
        let row = |figure, goal, theirs| Row {
            what: "a decision".to_owned(),
            against: String::new(),
            ours: Quantity::new(figure, "ms"),
            theirs,
            figure,
            goal,
        };
        let table = from_rows(&[
            row(9.0, Goal::AtMost(10.0), None),
            row(2.0, Goal::AtLeast(3.0), Some(Quantity::new(4.0, "ms"))),
        ]);
        let lines: Vec<_> = table.lines().skip(2).collect();
        assert_eq!(
            lines,
            [
                "| a decision |  | 9 ms |  |  | \u{2264} 10 ms | met |",
                "| a decision |  | 2 ms | 4 ms | 2\u{d7} | \u{2265} 3\u{d7} | **not met** |",
            ]
        );
    }
}
