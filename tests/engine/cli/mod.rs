//! The program of the repository's image, as its users call it.

/// Inputs that no policy can judge, each told in one sentence.
mod bad_input;
/// The other commands, and usage errors.
mod commands;
/// Decisions: inputs, how they are printed, and exit statuses.
mod eval;
/// What operators set.
mod settings;

use assert_cmd::Command;

use crate::support::{Folder, engine};

const GOOD: &str = "kind: Pod\nspec: {containers: [{name: web, image: nginx}]}\n";
const BAD: &str = "kind: Pod\nspec: {hostNetwork: true}\n";
/// What the baseline says of the bad one.
const WHY: &str = r#"{"allowed":false,"violations":[{"check":"hostNamespaces","field":"spec.hostNetwork","message":"`hostNetwork` is `true`: a pod may not share namespaces of the host"}]}"#;
/// And of the good one.
const FINE: &str = r#"{"allowed":true,"violations":[]}"#;

/// `eval pod-security-baseline`, in a folder.
fn baseline(folder: &Folder, arguments: &[&str]) -> Command {
    let mut command = engine(&["eval", "pod-security-baseline"]);
    command.args(arguments).current_dir(folder.path());
    command
}

/// One line of what `eval` prints.
fn decision(file: &str, document: usize, output: &str) -> String {
    let verdict = if output.starts_with(r#"{"allowed":true"#) { "allowed" } else { "denied" };
    format!(
        "{{\"file\":\"{file}\",\"document\":{document},\"policy\":\"pod-security-baseline\",\
         \"version\":\"0.1.0\",\"verdict\":\"{verdict}\",\"output\":{output}}}\n"
    )
}
