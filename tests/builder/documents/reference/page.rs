use std::env;
use std::fs;

use crate::support::root;

const START: &str = "<!-- generated: see \"Documents\" in CONTRIBUTING.md -->\n";
const END: &str = "<!-- end of generated -->\n";

/// Holds a page below `docs/src` to this text, between its two markers. With `REFERENCE=overwrite`
/// it writes the text there.
pub(super) fn holds(page: &str, generated: &str) {
    let path = root().join("docs/src").join(page);
    let text = fs::read_to_string(&path).unwrap();
    let parts = text.split_once(START).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some(format!("{before}{START}\n{}\n\n{END}{after}", generated.trim_end()))
    });
    let Some(expected) = parts else { panic!("{page} has no `{}`", START.trim_end()) };
    is(page, &expected);
}

/// Holds a file below `docs/src` to this text, or writes it.
pub(super) fn is(page: &str, expected: &str) {
    let path = root().join("docs/src").join(page);
    if env::var_os("REFERENCE").is_some_and(|value| value == "overwrite") {
        fs::write(path, expected).unwrap();
        return;
    }
    let text = fs::read_to_string(&path).unwrap();
    let differs = text.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
    assert!(
        text == expected,
        "docs/src/{page} is not what the program says; write it anew: `REFERENCE=overwrite cargo \
         test --package policy-tests --test builder reference`; the first difference: {differs:#?}"
    );
}

/// A row of a table, whose cells may hold any text.
pub(super) fn row(cells: &[&str]) -> String {
    let cells: Vec<_> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    format!("| {} |\n", cells.join(" | "))
}
