//! The programs that are measured, compiled from this repository.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::rounds::Effort;
use crate::setup::Setup;
use crate::{paths, tools};

/// The builder, as `cargo image` runs it: from this repository, by Cargo.
pub(crate) fn builder(
    effort: Effort,
    subcommand: &str,
    policies: &Path,
    work: &Path,
) -> io::Result<Command> {
    let mut command = if effort == Effort::Full {
        let mut command = tools::cargo();
        // The builder's own place, so that it is the one that users have.
        command.env_remove("CARGO_TARGET_DIR");
        command.args(["run", "--quiet", "--locked", "--package", "policy-builder", "--"]);
        command
    } else {
        let mut command = Command::new(of_the_tests("policy-builder")?);
        command.current_dir(paths::root());
        command
    };
    command.arg(subcommand).arg("--policies").arg(policies).arg("--work-dir").arg(work);
    Ok(command)
}

/// A program of this repository as its tests have it: a quick run after them compiles nothing. By
/// itself, its package would ask for fewer features of what it depends on, and Cargo would compile that
/// again. A test has to be among what is built, because features of dev-dependencies count then, too.
fn of_the_tests(program: &str) -> io::Result<PathBuf> {
    let mut command = tools::cargo();
    let folder = paths::tests();
    command.env("CARGO_TARGET_DIR", &folder);
    command.args(["build", "--quiet", "--locked", "--workspace", "--bin", program]);
    tools::output(command.args(["--test", "fresh_clone"]))?;
    Ok(folder.join("debug").join(program))
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
    let policies = paths::root().join("policies");
    let mut command = builder(setup.effort, "build", &policies, &setup.work)?;
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
    if effort == Effort::Quick {
        return of_the_tests(program);
    }
    let mut command = tools::cargo();
    command.args(["build", "--quiet", "--locked", "--package", "policy-benchmarks"]);
    command.args(["--bin", program, "--no-default-features"]).args(features);
    // As `workspace_manifest` of the builder has it: both are to be kept alike.
    for policy in ["http-authz", "pod-security"] {
        let units = format!("profile.release.package.{policy}.codegen-units=4");
        command.args(["--config", &units]);
    }
    Ok(released(command, &paths::target())?.join(program))
}

/// Compiles as the generated workspace does.
fn released(mut command: Command, folder: &Path) -> io::Result<PathBuf> {
    command.arg("--release").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1");
    tools::output(&mut command)?;
    Ok(folder.join("release"))
}

/// Engines in Rust that others use: they take a minute or more to compile.
pub(crate) fn peers() -> io::Result<PathBuf> {
    let mut command = tools::cargo();
    let folder = paths::target().join("peers");
    command.args(["build", "--quiet", "--locked", "--manifest-path"]);
    command.arg(paths::own("peers/Cargo.toml")).arg("--target-dir").arg(&folder);
    Ok(released(command, &folder)?.join("peers"))
}
