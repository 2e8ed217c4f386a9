//! The program of the repository's image, as its users call it.

/// Inputs that cannot be evaluated, each with its error.
mod bad_input;
/// How long decisions take.
mod bench;
/// The other commands, and usage errors.
mod commands;
/// Decisions: inputs, how they are printed, and exit statuses.
mod eval;
/// Reports for other programs, and folders.
mod formats;
/// Decisions of logs, made once more.
mod replay;
/// Settings on the command line.
mod settings;
/// Suites of cases.
mod suites;

use assert_cmd::Command;

use crate::support::{Folder, engine};

const GOOD: &str = "kind: Pod\nspec: {containers: [{name: web, image: nginx}]}\n";
const BAD: &str = "kind: Pod\nspec: {hostNetwork: true}\n";
/// The decision of the baseline on the bad pod.
const WHY: &str = r#"{"allowed":false,"violations":[{"check":"hostNamespaces","field":"spec.hostNetwork","message":"`hostNetwork` is `true`: a pod may not share namespaces of the host"}]}"#;
/// The decision of the baseline on the good pod.
const FINE: &str = r#"{"allowed":true,"violations":[]}"#;

/// `eval pod-security-baseline`, in a folder.
fn baseline(folder: &Folder, arguments: &[&str]) -> Command {
    let mut command = engine(&["eval", "pod-security-baseline"]);
    command.args(arguments).current_dir(folder.path());
    command
}

/// One line of the output of `eval`.
fn decision(file: &str, document: usize, output: &str) -> String {
    let verdict = if output.starts_with(r#"{"allowed":true"#) { "allowed" } else { "denied" };
    format!(
        "{{\"file\":\"{file}\",\"document\":{document},\"policy\":\"pod-security-baseline\",\
         \"version\":\"0.1.0\",\"verdict\":\"{verdict}\",\"output\":{output}}}\n"
    )
}
