use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use serde::{Deserialize, Serialize};

use super::{CompileError, Profile, Target, running};
use crate::discover::{Policies, PolicyCrate, Role};
use crate::generate::{PROGRAM, Workspace};
use crate::progress::Progress;

/// How many crates a build took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Compiled {
    /// Crates that were compiled now.
    pub(crate) fresh: usize,
    /// Crates that were there from an earlier build.
    pub(crate) cached: usize,
}

/// A line of what `cargo build --message-format json` prints.
#[derive(Deserialize)]
#[serde(tag = "reason")]
enum Message {
    #[serde(rename = "compiler-artifact")]
    Artifact { target: BuiltTarget, executable: Option<PathBuf>, fresh: bool },
    #[serde(rename = "compiler-message")]
    Diagnostic { target: BuiltTarget, manifest_path: PathBuf, message: Diagnostic },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct BuiltTarget {
    name: String,
}

#[derive(Deserialize)]
struct Diagnostic {
    level: String,
    message: String,
    rendered: Option<String>,
}

/// Whether Cargo may ask registries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Network {
    Off,
    On,
}

/// Has Cargo add to the lock what it lacks, keeping what it holds where it can.
pub(crate) fn complete_lock(workspace: &Workspace, network: Network) -> Result<(), CompileError> {
    let mut command = cargo("update", workspace);
    command.args(["--workspace", "--quiet"]);
    if network == Network::Off {
        command.arg("--offline");
    }
    let output = command.output().map_err(not_started)?;
    if output.status.success() {
        return Ok(());
    }
    Err(CompileError::Resolve(sentence(&String::from_utf8_lossy(&output.stderr))))
}

/// Runs `cargo build` and gives the program's path.
pub(super) fn build(
    workspace: &Workspace,
    policies: &Policies,
    target: &Target,
    cache: &Path,
    profile: Profile,
    flags: &OsStr,
    progress: &Progress,
) -> Result<(PathBuf, Compiled), CompileError> {
    let rendered = if progress.colours() { "json-diagnostic-rendered-ansi" } else { "json" };
    let mut command = cargo("build", workspace);
    match profile {
        Profile::Release => command.args(["--release", "--target", &target.triple]),
        // Without `--target`, what build scripts and the program share is compiled once.
        Profile::Quick => command.process_group(0),
    };
    let mut child = command
        .args(["--locked", "--package", PROGRAM, "--message-format", rendered])
        .arg("--target-dir")
        .arg(cache)
        .env("CARGO_ENCODED_RUSTFLAGS", flags)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(not_started)?;
    if profile == Profile::Quick {
        running::started(&child);
    }
    let stderr = child.stderr.take();
    let words = thread::spawn(move || {
        let mut words = String::new();
        if let Some(mut stderr) = stderr {
            // Words that are not UTF-8 are not worth stopping a build for.
            let _ = stderr.read_to_string(&mut words);
        }
        words
    });

    let mut program = None;
    let mut compiled = Compiled::default();
    let mut culprit: Option<CompileError> = None;
    for line in child.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines) {
        match serde_json::from_str(&line?) {
            Ok(Message::Artifact { target, executable, fresh }) => {
                progress.compiled(&target.name);
                *(if fresh { &mut compiled.cached } else { &mut compiled.fresh }) += 1;
                program = executable.or(program);
            }
            Ok(Message::Diagnostic { target, manifest_path, message }) => {
                if let Some(rendered) = &message.rendered {
                    progress.line(rendered.trim_end());
                }
                if message.level == "error" && culprit.is_none() {
                    culprit =
                        Some(blame(&target.name, &manifest_path, &message, workspace, policies));
                }
            }
            Ok(Message::Other) | Err(_) => {}
        }
    }
    running::finished();
    let status = child.wait()?;
    let words = words.join().unwrap_or_default();
    match (status.success(), program) {
        (true, Some(program)) => Ok((program, compiled)),
        _ if tells_of_a_full_disk(&words) => Err(CompileError::DiskFull),
        _ => Err(culprit.unwrap_or_else(|| CompileError::Cargo {
            status: status.to_string(),
            words: sentence(&words),
        })),
    }
}

/// Compiler, linker and Cargo pass on the system's own words.
fn tells_of_a_full_disk(words: &str) -> bool {
    words.contains("No space left on device")
}

/// Whose mistake a compiler's error is.
fn blame(
    target: &str,
    manifest: &Path,
    error: &Diagnostic,
    workspace: &Workspace,
    policies: &Policies,
) -> CompileError {
    let folder = manifest.parent().unwrap_or(Path::new(""));
    let words = error.rendered.as_deref().unwrap_or(&error.message);
    // What points into the sources quotes them, and they may hold any words.
    if tells_of_a_full_disk(words) && !words.contains("-->") {
        return CompileError::DiskFull;
    }
    let inside = folder.strip_prefix(workspace.root.join("policies")).ok();
    if let Some(it) = policies.crates.iter().find(|it| inside == Some(Path::new(&it.folder))) {
        return CompileError::Crate {
            role: it.role,
            name: it.name.clone(),
            path: policies.root.join(&it.folder),
        };
    }
    // The generated program only refers to what `register!` makes in each policy crate.
    let unregistered =
        error.message.split_once("registered_for_policy_api_").and_then(|(_, rest)| {
            let stamp = rest.split('`').next()?.replace('_', ".");
            let is_in = |it: &&PolicyCrate| rest.contains(&format!("`{}`", it.library.name));
            let it = policies.of_role(Role::Policy).find(is_in)?;
            Some(CompileError::NotRegistered {
                name: it.name.clone(),
                library: it.library.file.clone(),
                stamp,
            })
        });
    // Sources of third-party crates lie in folders named for package and version.
    let package = folder.file_name().map_or(target.into(), |name| name.to_string_lossy());
    unregistered.unwrap_or_else(|| CompileError::Dependency(package.into_owned()))
}

/// The Cargo that runs this program, or else the one on the PATH, without the variables that
/// would change what the release profile says. It runs where the user is, so that the toolchain
/// and the registries are those which the user has set there.
fn cargo(subcommand: &str, workspace: &Workspace) -> Command {
    let mut command = Command::new(program());
    command.arg(subcommand).arg("--manifest-path").arg(workspace.root.join("Cargo.toml"));
    command.stdin(Stdio::null()).env_remove("CARGO_INCREMENTAL");
    for (name, _) in env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"CARGO_PROFILE_") {
            command.env_remove(&name);
        }
    }
    command
}

fn program() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn not_started(error: std::io::Error) -> CompileError {
    CompileError::NoToolchain { program: program().to_string_lossy().into_owned(), error }
}

/// Cargo's words on one line, without the name of their kind.
fn sentence(words: &str) -> String {
    let lines: Vec<_> = words.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let start = lines.iter().position(|line| line.starts_with("error")).unwrap_or_default();
    lines.get(start..).unwrap_or_default().join(" ").trim_start_matches("error: ").to_owned()
}
