use std::fs;
use std::path::Path;

use walkdir::WalkDir;

use crate::support::root;

/// The programs' own statuses, by the constants in their sources.
#[test]
fn page_of_the_exit_statuses_has_every_constant() {
    let page = fs::read_to_string(root().join("docs/src/reference/exit-statuses.md")).unwrap();
    for (program, sources) in [
        ("policy-engine", "engine/runtime/src/exit.rs"),
        ("policy-builder", "engine/builder/src/cli"),
    ] {
        let heading = format!("## `{program}`\n");
        let (_, section) = page.split_once(&heading).unwrap();
        let section = section.split("\n## ").next().unwrap();
        let listed: Vec<_> = section.lines().filter_map(status).collect();
        let known = constants(&root().join(sources));
        assert!(known.len() > 1, "{program}: {known:?}");
        for status in &known {
            assert!(listed.contains(status), "{program} has the status {status}: {listed:?}");
        }
    }
}

/// The values of the constants of one byte in a file, or in those of a folder.
fn constants(sources: &Path) -> Vec<u8> {
    let files = WalkDir::new(sources).into_iter().map(Result::unwrap);
    let texts = files.filter(|file| file.file_type().is_file());
    let texts = texts.map(|file| fs::read_to_string(file.path()).unwrap());
    let statuses = |text: String| {
        let lines =
            text.lines().filter_map(|line| line.strip_prefix("const ")?.split_once(": u8 = "));
        lines.map(|(_, value)| value.trim_end_matches(';').parse().unwrap()).collect::<Vec<u8>>()
    };
    texts.flat_map(statuses).collect()
}

/// The status that a row of a table begins with.
fn status(line: &str) -> Option<u8> {
    line.strip_prefix("| ")?.split(' ').next()?.parse().ok()
}
