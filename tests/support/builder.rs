use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::{Arc, Once, OnceLock};

use assert_cmd::Command;
use serde_json::Value;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::flag;

/// The work folder of all builds with the real engine, so that it is compiled once.
pub(crate) const WORK_DIR: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/work");

/// Variables that users may have set, and tests must not depend on.
const SETTINGS: [&str; 8] = [
    "CI",
    "POLICY_ENGINE_ADVISORY_DB",
    "POLICY_ENGINE_FEATURES",
    "POLICY_ENGINE_IMAGE_REPO",
    "POLICY_ENGINE_REVISION",
    "POLICY_ENGINE_SOURCE",
    "POLICY_ENGINE_TAG",
    "SOURCE_DATE_EPOCH",
];

/// The repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The compiled builder as `cargo image` starts it, with that command.
///
/// Cargo would compile it and all that it depends on once more, with fewer features.
pub(crate) fn cargo_image() -> Command {
    let mut command = command(program());
    command.current_dir(root()).arg("image");
    command
}

/// The compiled builder, to be run in a folder that has nothing to do with the repository.
pub(crate) fn builder(folder: &Path) -> Command {
    let mut command = command(program());
    command.current_dir(folder).env("POLICY_ENGINE_SOURCE", root());
    command
}

/// The compiled builder, to be left running. It ignores no signal.
pub(crate) fn builder_process(folder: &Path) -> process::Command {
    static CAUGHT: Once = Once::new();
    CAUGHT.call_once(catch_ignored_signals);
    let mut command = process::Command::new(program());
    for name in SETTINGS {
        command.env_remove(name);
    }
    command.current_dir(folder).env("POLICY_ENGINE_SOURCE", root());
    command
}

/// Catches the signals that this process was started to ignore, as a shell starts what runs in the
/// background. A process that is started from here would inherit that, but not a handler.
fn catch_ignored_signals() {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
    let ignored = u64::from_str_radix(ignored.trim(), 16).unwrap();
    for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] {
        if ignored & (1 << (signal - 1)) != 0 {
            flag::register(signal, Arc::default()).unwrap();
        }
    }
}

fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(compile)
}

/// Compiles the builder of what `cargo test --workspace` has compiled. With any test beside it, Cargo
/// turns on the same features of its dependencies.
fn compile() -> PathBuf {
    let built = Command::new(cargo())
        .current_dir(root())
        .args(["build", "--workspace", "--bin", "policy-builder", "--test", "admission"])
        .args(["--message-format", "json"])
        .assert()
        .success();
    let messages = String::from_utf8(built.get_output().stdout.clone()).unwrap();
    let program = messages.lines().find_map(|line| {
        let message: Value = serde_json::from_str(line).unwrap();
        let is_builder = message["target"]["name"] == "policy-builder";
        message["executable"].as_str().filter(|_| is_builder).map(PathBuf::from)
    });
    program.unwrap()
}

/// The Cargo that runs the tests.
pub(crate) fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    for name in SETTINGS {
        command.env_remove(name);
    }
    command
}
