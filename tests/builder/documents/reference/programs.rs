use std::fmt::Write;
use std::os::unix::process::CommandExt as _;
use std::path::Path;

use super::page;
use crate::support::{builder, stress_engine};

/// A program, by what `--help` of its commands prints.
type Help = fn(&[&str]) -> String;

#[test]
fn page_of_the_engine_is_its_help() {
    page::holds("reference/policy-engine.md", &commands("policy-engine", engine));
}

#[test]
fn page_of_the_builder_is_its_help() {
    page::holds("reference/policy-builder.md", &commands("policy-builder", builder_help));
}

fn engine(words: &[&str]) -> String {
    let mut command = stress_engine(words);
    // The help says what the program was called.
    command.arg0("policy-engine").env("COLUMNS", "100").arg("--help");
    let output = command.output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn builder_help(words: &[&str]) -> String {
    let mut command = builder(Path::new("."));
    // The help of an option quotes its variable.
    command.env_remove("POLICY_ENGINE_SOURCE").env("COLUMNS", "100").args(words).arg("--help");
    String::from_utf8(command.assert().success().get_output().stdout.clone()).unwrap()
}

/// The program itself, and a section for each of its commands.
fn commands(program: &str, help: Help) -> String {
    let whole = help(&[]);
    let (_, list) = whole.split_once("Commands:\n").unwrap();
    let (list, _) = list.split_once("\n\n").unwrap();
    // A description that goes on is indented more than a name.
    let names = list.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let mut text = block(&whole);
    for name in names.filter(|name| !name.is_empty() && *name != "help") {
        let section = help(&[name]);
        let (about, rest) = section.split_once("\n\n").unwrap();
        assert!(rest.starts_with("Usage: "), "{name}: {rest}");
        let _ = write!(text, "\n## `{program} {name}`\n\n{about}.\n\n{}", block(rest));
    }
    text
}

fn block(text: &str) -> String {
    let lines: Vec<_> = text.trim_end().lines().map(str::trim_end).collect();
    format!("```text\n{}\n```\n", lines.join("\n"))
}
