use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use walkdir::WalkDir;

use super::{Folder, builder, cargo, root, write_program};

/// A shell that runs commands of the documents in the words that stand there.
///
/// Programs that stand before the real ones on the `PATH` give them the options that they need on
/// this machine.
pub(crate) struct Shell {
    folder: Folder,
    environment: Vec<(String, String)>,
}

impl Shell {
    /// Makes one in the folder `here`. Its `cargo` and `policy-builder` are this repository's, and
    /// keep what they compile where other tests do.
    pub(crate) fn new(work_dir: &str, revision: &[&str]) -> Self {
        let mut shell = Self { folder: Folder::new(), environment: Vec::new() };
        fs::create_dir_all(shell.here()).unwrap();
        let options = format!("--work-dir {work_dir} {}", revision.join(" "));
        let run = format!("run --manifest-path {}/Cargo.toml", root().display());
        let tested = Path::new(env!("CARGO_TARGET_TMPDIR")).join("scaffold");
        let program = builder(Path::new(".")).get_program().to_owned();
        let script = format!(
            "case $1 in\n\
             image) shift; exec {} image {options} \"$@\";;\n\
             run) shift; set -- {run} \"$@\";;\n\
             test) export CARGO_TARGET_DIR={};;\nesac\n",
            program.display(),
            tested.display()
        );
        shell.before("cargo", Path::new(&cargo()), &script);
        let script = format!(
            "case $1 in\n\
             build|run) command=$1; shift; set -- $command --work-dir {work_dir} \"$@\";;\n\
             image) shift; set -- image {options} \"$@\";;\n\
             verify) shift; set -- verify --work-dir {work_dir} \"$@\";;\nesac\n"
        );
        shell.before("policy-builder", Path::new(&program), &script);
        shell.set("POLICY_ENGINE_SOURCE", root().to_str().unwrap());
        shell
    }

    /// Puts a script before a program, to change its arguments.
    pub(crate) fn before(&mut self, name: &str, program: &Path, script: &str) {
        let place = self.folder.path().join("bin").join(name);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        let program = program.display();
        write_program(&place, format!("#!/bin/sh\nset -eu\n{script}exec {program} \"$@\"\n"));
    }

    /// Sets a variable.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// The folder that commands run in.
    pub(crate) fn here(&self) -> PathBuf {
        self.folder.path().join("here")
    }

    /// A folder of the shell's own, outside of that one.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Copies the repository into the folder, whose sources are then the engine.
    pub(crate) fn with_repository(mut self) -> Self {
        let is_left_behind =
            |name: &str| name.starts_with("result") || [".git", "out", "target"].contains(&name);
        let entries = WalkDir::new(root()).into_iter().filter_entry(|entry| {
            entry.depth() != 1 || !is_left_behind(entry.file_name().to_str().unwrap())
        });
        let files = entries.map(Result::unwrap).filter(|entry| entry.file_type().is_file());
        for file in files.filter(|file| file.path().extension().is_none_or(|end| end != "tar")) {
            let place = self.here().join(file.path().strip_prefix(root()).unwrap());
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::copy(file.path(), place).unwrap();
        }
        let here = self.here();
        self.set("POLICY_ENGINE_SOURCE", here.to_str().unwrap());
        self
    }

    /// Prepares a command, to be given input or looked at.
    pub(crate) fn command(&self, words: &str) -> Command {
        let mut command = Command::new("sh");
        // None of what users may have set, as for the builder itself.
        for (name, _) in builder(Path::new(".")).get_envs().filter(|(_, value)| value.is_none()) {
            command.env_remove(name);
        }
        let path = env::var("PATH").unwrap();
        command
            .args(["-euc", words])
            .current_dir(self.here())
            .env("PATH", format!("{}:{path}", self.beside("bin").display()))
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts a command that goes on.
    pub(crate) fn started(&self, words: &str) -> Child {
        let prepared = self.command(words);
        let mut command = process::Command::new(prepared.get_program());
        command.args(prepared.get_args()).current_dir(self.here()).stdin(Stdio::null());
        for (name, value) in prepared.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.stdout(Stdio::null()).spawn().unwrap()
    }

    /// Runs a command that must succeed.
    pub(crate) fn runs(&self, words: &str) -> Assert {
        self.command(words).assert().success()
    }
}

/// The path of a program of the machine, not of a shell of ours.
pub(crate) fn on_path(program: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap();
    let mut places = env::split_paths(&path).map(|folder| folder.join(program));
    places.find(|place| place.is_file()).unwrap_or_else(|| PathBuf::from(program))
}

/// A tag that the documents' commands give an image in Docker. One test has it at a time, and it is
/// as it was afterwards.
pub(crate) struct DockerTag {
    tag: &'static str,
    before: Option<String>,
    _alone: MutexGuard<'static, ()>,
}

impl DockerTag {
    pub(crate) const BUILDER: &str = "policy-builder:latest";
    pub(crate) const ENGINE: &str = "policy-engine:latest";

    /// Waits for one of the two and takes it.
    pub(crate) fn take(tag: &'static str) -> Self {
        static TAKEN: [Mutex<()>; 2] = [Mutex::new(()), Mutex::new(())];
        // A test that failed has given it back.
        let taken = TAKEN[usize::from(tag == Self::BUILDER)].lock();
        let alone = taken.unwrap_or_else(PoisonError::into_inner);
        Self { tag, before: tagged(tag), _alone: alone }
    }
}

impl Drop for DockerTag {
    fn drop(&mut self) {
        if tagged(self.tag) != self.before {
            let _ = Command::new("docker").args(["rmi", "--force", self.tag]).output();
            if let Some(id) = &self.before {
                let _ = Command::new("docker").args(["tag", id, self.tag]).output();
            }
        }
    }
}

/// The image that has a tag.
fn tagged(tag: &str) -> Option<String> {
    let inspect = ["image", "inspect", "--format", "{{.Id}}", tag];
    let output = Command::new("docker").args(inspect).output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap().trim().to_owned())
}
