//! Questions to the Rust compiler.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::CargoError;
use policy_host::signals;

/// The compiler that Cargo will use.
pub(super) fn program() -> OsString {
    absolute(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
}

/// The name of a program, made absolute unless it is to be looked for on the `PATH`.
pub(super) fn absolute(program: OsString) -> OsString {
    match Path::new(&program) {
        path if path.components().count() < 2 => program,
        path => std::path::absolute(path).map_or(program.clone(), Into::into),
    }
}

/// The compiler's version as it prints it: `rustc 1.95.0 (59807616e 2026-04-14)`.
///
/// # Errors
/// When the compiler does not start.
pub fn version() -> Result<String, CargoError> {
    static VERSION: OnceLock<String> = OnceLock::new();
    if let Some(version) = VERSION.get() {
        return Ok(version.clone());
    }
    let output = run(&["--version"])?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Ok(VERSION.get_or_init(|| version).clone())
}

/// The compiler's version in what `rustc -vV` or `rustc --version` prints, as [`version`] gives it.
#[must_use]
pub fn version_in(printed: &str) -> Option<&str> {
    printed.lines().next().map(str::trim).filter(|version| version.starts_with("rustc "))
}

/// The target triple of the machine that the compiler runs on.
///
/// # Errors
/// When the compiler does not start.
pub fn host() -> Result<String, CargoError> {
    print("host-tuple", &[])
}

fn run(arguments: &[&str]) -> Result<Output, CargoError> {
    let rustc = program();
    let output = signals::output(Command::new(&rustc).args(arguments));
    output.map_err(|error| CargoError::NoToolchain {
        program: rustc.to_string_lossy().into_owned(),
        error,
    })
}

/// Asks the compiler for what it prints for `--print WHAT`, once: it takes as long as a small crate.
///
/// # Errors
/// When the compiler does not start, or does not know the target.
pub fn print(what: &str, more: &[&str]) -> Result<String, CargoError> {
    static PRINTED: Mutex<BTreeMap<Vec<String>, String>> = Mutex::new(BTreeMap::new());
    let question: Vec<_> = [what].iter().chain(more).map(ToString::to_string).collect();
    let mut printed = PRINTED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = printed.get(&question) {
        return Ok(known.clone());
    }
    let output = run(&[&["--print", what], more].concat())?;
    if output.status.success() {
        let answer = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        printed.insert(question, answer.clone());
        return Ok(answer);
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let reason = words.lines().next().unwrap_or_default().trim_start_matches("error: ");
    if more.is_empty() {
        // Of what it always knows, it tells nothing: rustup does not find one to run.
        return Err(CargoError::Toolchain { reason: reason.to_owned(), named: named_toolchain()? });
    }
    Err(CargoError::UnknownTarget {
        target: more.join(" ").replace("--target ", ""),
        reason: reason.to_owned(),
    })
}

/// The file or variable that names the toolchain for rustup, in words.
fn named_toolchain() -> io::Result<String> {
    if env::var_os("RUSTUP_TOOLCHAIN").is_some_and(|given| !given.is_empty()) {
        return Ok("the variable `RUSTUP_TOOLCHAIN`".to_owned());
    }
    let current = env::current_dir()?;
    let files = ["rust-toolchain", "rust-toolchain.toml"];
    let mut files = current.ancestors().flat_map(|folder| files.map(|name| folder.join(name)));
    let file = files.find(|file| file.is_file()).map(|file| format!("`{}`", file.display()));
    Ok(file.unwrap_or_else(|| "rustup".to_owned()))
}

/// Checks whether programs of a target run on Linux.
pub(super) fn is_linux(triple: &str) -> bool {
    triple.split('-').any(|part| part == "linux")
}
