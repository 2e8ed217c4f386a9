use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::args::TestArgs;
use super::super::{ErrorMessage, Failure};
use crate::exit::Outcome;
use crate::policies::{Instance, PolicyRef, Registry};
use crate::suites;

pub(super) fn run(
    policy: &PolicyRef,
    args: &TestArgs,
    registry: &Registry,
    out: &mut dyn Write,
) -> Result<Outcome, Failure> {
    let Some(first) = args.paths.first() else {
        return Err(Failure::Usage(ErrorMessage {
            problem: "`--init` writes a suite from files, and none is named".to_owned(),
            help: Some("name files, or a folder of them".to_owned()),
        }));
    };
    if args.paths.iter().any(|path| path == Path::new("-")) {
        return Err(Failure::Usage(ErrorMessage {
            problem: "standard input is no file that a suite could name".to_owned(),
            help: Some("name files, or a folder of them".to_owned()),
        }));
    }
    let entry = registry.find(policy)?;
    let settings = args.settings.load()?;
    let instance = Instance::configure(entry, &settings).map_err(|error| {
        Failure::message(format_args!("policy `{}`: settings: {error}", entry.name()))
    })?;
    let file = match &args.output {
        Some(file) => file.clone(),
        None => folder_of(first).join(format!("{}.suite.yaml", entry.name())),
    };
    let is_printed = file == Path::new("-");
    let folder = if is_printed { Path::new("") } else { file.parent().unwrap_or(Path::new("")) };
    let named = policy.to_string();
    let written = suites::init(
        (&named, entry),
        (&settings, &Arc::new(instance)),
        args.limits.limits(),
        &args.paths,
        folder,
    )
    .map_err(|error| Failure::message(&error))?;
    if is_printed {
        out.write_all(written.text.as_bytes())?;
        return Ok(Outcome::Allowed);
    }
    write(&file, &written.text)?;
    let suites::Written { allowed, denied, others, .. } = written;
    let cases = written.cases();
    writeln!(
        out,
        "wrote `{}`: {cases} cases, {allowed} allowed, {denied} denied, {others} without a verdict",
        file.display()
    )?;
    Ok(Outcome::Allowed)
}

/// The folder, or that of a file.
fn folder_of(path: &Path) -> PathBuf {
    if path.is_dir() { path.to_owned() } else { path.parent().unwrap_or(path).to_owned() }
}

/// Writes a new file.
fn write(file: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        let exists = error.kind() == std::io::ErrorKind::AlreadyExists;
        let help = exists.then(|| "remove it, or name another file with `--output`".to_owned());
        Failure::with_help(format_args!("failed to write `{}`: {error}", file.display()), help)
    };
    let mut new = OpenOptions::new().write(true).create_new(true).open(file).map_err(failed)?;
    new.write_all(text.as_bytes()).map_err(|error| {
        // Half a suite is none.
        let _ = std::fs::remove_file(file);
        failed(error)
    })
}
