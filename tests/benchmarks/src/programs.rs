//! The programs that are measured, compiled from this repository.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::rounds::Effort;
use crate::setup::Setup;
use crate::{paths, tools};

/// The builder, as `cargo image` runs it: from this repository, by Cargo.
pub(crate) fn builder(subcommand: &str, policies: &Path, work: &Path) -> Command {
    let mut command = tools::cargo();
    // The builder's own place, so that it is the one that users have.
    command.env_remove("CARGO_TARGET_DIR");
    command.args(["run", "--quiet", "--locked", "--package", "policy-builder", "--", subcommand]);
    command.arg("--policies").arg(policies).arg("--work-dir").arg(work);
    command
}

/// Compiles the builder, where what follows is timed.
pub(crate) fn compile_builder() -> io::Result<()> {
    let mut command = tools::cargo();
    command.env_remove("CARGO_TARGET_DIR");
    command.args(["build", "--quiet", "--locked", "--package", "policy-builder"]);
    tools::output(&mut command).map(drop)
}

/// The repository's policies as a program: for a target, or as `cargo image` chooses it.
pub(crate) fn engine(setup: &Setup, target: Option<&str>) -> io::Result<PathBuf> {
    let program = setup.scratch(&format!("policy-engine-{}", target.unwrap_or("default")));
    let mut command = builder("build", &paths::root().join("policies"), &setup.work);
    command.arg("--output").arg(&program);
    if let Some(target) = target {
        command.args(["--target", target]);
    }
    tools::output(&mut command)?;
    Ok(program)
}

/// The server in Go, compiled with what Go's cache has.
pub(crate) fn go_server(setup: &Setup) -> io::Result<PathBuf> {
    let program = setup.scratch("go-server");
    tools::output(go_build(&program)?.arg("."))?;
    Ok(program)
}

/// Go's compiler, for the server.
pub(crate) fn go_build(program: &Path) -> io::Result<Command> {
    let mut command = tools::go()?;
    command.current_dir(paths::own("go")).env("CGO_ENABLED", "0").env("GOFLAGS", "-trimpath");
    command.args(["build", "-ldflags", "-s -w", "-o"]).arg(program);
    Ok(command)
}

/// The program that has our policies.
pub(crate) fn in_process(effort: Effort) -> io::Result<PathBuf> {
    own_program(effort, "in-process", &[])
}

/// The server with a constant answer.
pub(crate) fn bare_server(effort: Effort) -> io::Result<PathBuf> {
    own_program(effort, "bare-server", &["--features", "bare-server"])
}

fn own_program(effort: Effort, program: &str, features: &[&str]) -> io::Result<PathBuf> {
    let mut command = tools::cargo();
    command.args(["build", "--quiet", "--locked", "--package", "policy-benchmarks"]);
    command.args(["--bin", program, "--no-default-features"]).args(features);
    // As `workspace_manifest` of the builder has it: both are to be kept alike.
    for policy in ["http-authz", "pod-security"] {
        let units = format!("profile.release.package.{policy}.codegen-units=4");
        command.args(["--config", &units]);
    }
    Ok(built(command, effort, &paths::target())?.join(program))
}

/// Compiles as the generated workspace does, or quickly.
fn built(mut command: Command, effort: Effort, folder: &Path) -> io::Result<PathBuf> {
    if effort == Effort::Full {
        command.arg("--release").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1");
    } else {
        command.env("CARGO_PROFILE_DEV_DEBUG", "0");
    }
    tools::output(&mut command)?;
    Ok(folder.join(effort.of("release", "debug")))
}

/// Engines in Rust that others use: they take a minute or more to compile.
pub(crate) fn peers(effort: Effort) -> io::Result<PathBuf> {
    let mut command = tools::cargo();
    let folder = paths::target().join("peers");
    command.args(["build", "--quiet", "--locked", "--manifest-path"]);
    command.arg(paths::own("peers/Cargo.toml")).arg("--target-dir").arg(&folder);
    Ok(built(command, effort, &folder)?.join("peers"))
}
