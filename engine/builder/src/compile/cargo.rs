use std::collections::BTreeSet;
use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::thread;

use serde::Serialize;

use super::home::{self, ConfigFile};
use super::messages::{BuiltTarget, Diagnostic, Message};
use super::{CompileError, Configuration, Profile, Target, flags, linker, target};
use crate::container;
use crate::discover::{Policies, PolicyCrate, Role};
use crate::generate::{PROGRAM, Workspace};
use crate::interrupt::{self, Temporary, TemporaryFolder};
use crate::progress::Progress;

/// How many crates a build took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Compiled {
    /// Crates that were compiled now.
    pub(crate) fresh: usize,
    /// Crates that were there from an earlier build.
    pub(crate) cached: usize,
}

/// Whether Cargo may ask registries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Network {
    Off,
    On,
}

/// Has Cargo add to the lock what it lacks, keeping what it holds where it can.
pub(crate) fn complete_lock(workspace: &Workspace, network: Network) -> Result<(), CompileError> {
    let cargo = Cargo::passing()?;
    let mut command = cargo.command("update", &workspace.root)?;
    command.args(["--workspace", "--quiet"]);
    if network == Network::Off {
        command.arg("--offline");
    }
    resolved(&mut command).map(drop)
}

/// What `cargo metadata` says.
pub(crate) struct Metadata {
    /// As it prints it. The paths of packages are there for as long as this is kept.
    pub(crate) json: Vec<u8>,
    _cargo: Cargo,
}

/// Has Cargo resolve and fetch what the package in a folder depends on, and tell of that.
pub(crate) fn metadata(root: &Path, network: Network) -> Result<Metadata, CompileError> {
    let cargo = Cargo::passing()?;
    let mut command = cargo.command("metadata", root)?;
    command.args(["--format-version", "1", "--quiet"]);
    if network == Network::Off {
        command.arg("--offline");
    }
    Ok(Metadata { json: resolved(&mut command)?, _cargo: cargo })
}

/// Runs Cargo where it resolves, and gives what it prints.
fn resolved(command: &mut Command) -> Result<Vec<u8>, CompileError> {
    let output = interrupt::output_of_asking(command).map_err(not_started)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let mut words = sentence(&String::from_utf8_lossy(&output.stderr));
    if container::image().is_some() {
        words.push_str(
            "; this image builds what it was made with: make it anew, with `policy-builder \
             builder-image --policies` and this folder",
        );
    }
    Err(CompileError::Resolve(words))
}

/// What `cargo build` made.
pub(super) struct Build {
    /// The program's path.
    pub(super) program: PathBuf,
    pub(super) compiled: Compiled,
    /// Cargo's ids of the packages whose libraries are for the target: what runs at compile time is
    /// for the host, in a folder of its own.
    pub(super) linked: BTreeSet<String>,
}

/// Runs `cargo build`.
pub(super) fn build(
    workspace: &Workspace,
    policies: &Policies,
    target: &Target,
    cache: &Path,
    profile: Profile,
    flags: &OsStr,
    progress: &Progress,
) -> Result<Build, CompileError> {
    let cargo = Cargo::kept(cache)?;
    let mut command = cargo.command("build", &workspace.root)?;
    let _scratch = scratch(&mut command, cache)?;
    if profile == Profile::Release {
        command.args(["--release", "--target", &target.triple]);
    }
    command
        .args(["--locked", "--package", PROGRAM, "--message-format", message_format()])
        .arg("--target-dir")
        .arg(cache)
        .env("CARGO_ENCODED_RUSTFLAGS", flags)
        .envs(target.linker.map(|linker| (linker::variable(&target.triple), linker)));
    let mut program = None;
    let mut compiled = Compiled::default();
    let mut linked = BTreeSet::new();
    let of_target = cache.join(&target.triple);
    let mut blame = Blame::new(workspace, policies);
    let Followed { status, words } = follow(command, |message| match message {
        Message::Artifact { package_id, target, filenames, executable, fresh, .. } => {
            progress.compiled(&target.name);
            if filenames.iter().any(|file| file.starts_with(&of_target)) {
                linked.insert(package_id);
            }
            *(if fresh { &mut compiled.cached } else { &mut compiled.fresh }) += 1;
            program = executable.or(program.take());
        }
        Message::Diagnostic { target, manifest_path, message } => {
            blame.tell(&target, &manifest_path, &message, progress);
        }
        Message::Other => {}
    })?;
    match (status.success(), program) {
        (true, Some(program)) => Ok(Build { program, compiled, linked }),
        _ => Err(blame.error(status, &words)),
    }
}

/// Has compilers work in a folder that an interruption removes: those that are ended leave there
/// what they were at.
pub(super) fn scratch(command: &mut Command, cache: &Path) -> Result<Temporary, CompileError> {
    let scratch = Temporary::at(&cache.join("tmp"))?;
    fs_err::create_dir_all(scratch.path())?;
    // Whatever is said where Cargo reads it wherever it runs.
    command.env("CARGO_BUILD_BUILD_DIR", cache);
    command.env("TMPDIR", scratch.path());
    Ok(scratch)
}

/// How Cargo is to print its messages, and in them the compiler's words.
pub(super) fn message_format() -> &'static str {
    if Progress::colours() { "json-diagnostic-rendered-ansi" } else { "json" }
}

/// How a Cargo ended, and what it said on standard error.
pub(super) struct Followed {
    pub(super) status: ExitStatus,
    pub(super) words: String,
}

/// Runs a Cargo that prints messages, and hands each on as it comes.
pub(super) fn follow(
    mut command: Command,
    mut each: impl FnMut(Message),
) -> Result<Followed, CompileError> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = interrupt::spawn(&mut command).map_err(not_started)?;
    let stderr = child.process.stderr.take();
    let words = thread::spawn(move || {
        let mut words = String::new();
        if let Some(mut stderr) = stderr {
            // Words that are not UTF-8 are not worth stopping a build for.
            let _ = stderr.read_to_string(&mut words);
        }
        words
    });
    let mut unread = None;
    for line in child.process.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines)
    {
        let line = line?;
        match serde_json::from_str(&line) {
            Ok(message) => each(message),
            // A procedural macro may print; Cargo's own lines are objects.
            Err(error) if line.starts_with('{') => unread = unread.or(Some(error)),
            Err(_) => {}
        }
    }
    if let Some(error) = unread {
        // What is not understood may be what matters.
        let _ = child.wait();
        return Err(CompileError::Unread(error));
    }
    Ok(Followed { status: child.wait()?, words: words.join().unwrap_or_default() })
}

/// Passes the compiler's words on, and keeps whose mistake its first error is.
pub(super) struct Blame<'a> {
    workspace: &'a Workspace,
    policies: &'a Policies,
    culprit: Option<CompileError>,
}

impl<'a> Blame<'a> {
    pub(super) fn new(workspace: &'a Workspace, policies: &'a Policies) -> Self {
        Self { workspace, policies, culprit: None }
    }

    pub(super) fn tell(
        &mut self,
        target: &BuiltTarget,
        manifest: &Path,
        message: &Diagnostic,
        progress: &Progress,
    ) {
        if let Some(rendered) = &message.rendered {
            progress.line(rendered.trim_end());
        }
        if message.level == "error" && self.culprit.is_none() {
            let blamed = blame(&target.name, manifest, message, self.workspace, self.policies);
            self.culprit = Some(blamed);
        }
    }

    /// Whether there was an error.
    pub(super) fn is_told(&self) -> bool {
        self.culprit.is_some()
    }

    /// Why a Cargo ended as it did.
    pub(super) fn error(self, status: ExitStatus, words: &str) -> CompileError {
        if tells_of_a_full_disk(words) {
            return CompileError::DiskFull;
        }
        self.culprit.unwrap_or_else(|| CompileError::Cargo {
            status: status.to_string(),
            words: sentence(words),
        })
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
    if error.message.starts_with("linking with `") || error.message.starts_with("linker `") {
        return CompileError::Link;
    }
    let inside = folder.strip_prefix(workspace.root.join("policies")).ok();
    if let Some(it) = policies.crates.iter().find(|it| inside == Some(Path::new(&it.folder))) {
        return CompileError::Crate {
            role: it.role,
            name: it.name.clone(),
            path: it.manifest.folder().to_owned(),
        };
    }
    if let Some(libraries) = error.allocators_of() {
        let brings = |it: &&PolicyCrate| libraries.contains(&it.library.name.as_str());
        let culprit = policies.crates.iter().find(brings).map(|it| it.name.as_str());
        let others = || libraries.into_iter().find(|it| *it != "policy_engine");
        let name = culprit.or_else(others).unwrap_or_default().to_owned();
        return CompileError::Allocator(name);
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

/// The Cargo that runs this program, or else the one on the PATH, with the toolchain that the user
/// has set where he is, and with nothing of his configuration that would change the program: see
/// [`Configuration`].
pub(super) struct Cargo {
    home: PathBuf,
    configuration: Configuration,
    _file: ConfigFile,
    /// Where the home goes with this.
    _temporary: Option<TemporaryFolder>,
}

impl Cargo {
    /// One for a command whose results do not tell where Cargo's home is.
    pub(super) fn passing() -> Result<Self, CompileError> {
        let folder = TemporaryFolder::new()?;
        let home = folder.path().to_owned();
        Ok(Self { _temporary: Some(folder), ..Self::at(home)? })
    }

    /// One whose home stays in a cache: what is compiled by it need not be compiled again.
    pub(super) fn kept(cache: &Path) -> Result<Self, CompileError> {
        Self::at(home_in(cache))
    }

    fn at(home: PathBuf) -> Result<Self, CompileError> {
        let configuration = Configuration::read()?;
        let file = home::lay_out(&home, &configuration.to_toml())?;
        Ok(Self { home, configuration, _file: file, _temporary: None })
    }

    /// One of Cargo's commands for the workspace in a folder.
    ///
    /// It runs where no folder around it has a configuration.
    pub(super) fn command(&self, subcommand: &str, root: &Path) -> Result<Command, CompileError> {
        let manifest = std::path::absolute(root)?.join("Cargo.toml");
        let mut command = Command::new(program());
        command.arg(subcommand).arg("--manifest-path").arg(manifest);
        command.current_dir("/").stdin(Stdio::null());
        for name in &self.configuration.removed {
            command.env_remove(name);
        }
        command.envs(self.configuration.variables.iter().map(|(name, value)| (name, value)));
        if let Some(toolchain) = toolchain()? {
            command.env(TOOLCHAIN, toolchain);
        }
        if let Some(folders) = env::var_os("PATH").and_then(|path| absolute_folders(&path)) {
            command.env("PATH", folders);
        }
        if env::var_os("RUSTC").is_some() {
            command.env("RUSTC", target::rustc());
        }
        command.env("CARGO_HOME", &self.home).env("CARGO_ENCODED_RUSTFLAGS", flags::STATIC);
        Ok(command)
    }

    /// Whether it has Clippy.
    pub(super) fn has_clippy(&self, workspace: &Workspace) -> Result<bool, CompileError> {
        let mut command = self.command("clippy", &workspace.root)?;
        let output = interrupt::output(command.arg("--version")).map_err(not_started)?;
        Ok(output.status.success())
    }
}

/// The folders of a `PATH`, for a program that runs elsewhere.
fn absolute_folders(path: &OsStr) -> Option<OsString> {
    let folders =
        env::split_paths(path).map(|folder| std::path::absolute(&folder).unwrap_or(folder));
    env::join_paths(folders).ok()
}

/// Where Cargo's home is beside what is compiled.
pub(super) fn home_in(cache: &Path) -> PathBuf {
    cache.join("cargo-home")
}

/// The variable by which rustup is told which toolchain it is to run.
const TOOLCHAIN: &str = "RUSTUP_TOOLCHAIN";

/// The toolchain that rustup would run in the current folder: Cargo runs in another. A toolchain of
/// another kind does not look at it.
fn toolchain() -> Result<Option<OsString>, CompileError> {
    static SYSROOT: OnceLock<OsString> = OnceLock::new();
    if env::var_os(TOOLCHAIN).is_some_and(|given| !given.is_empty()) {
        return Ok(None);
    }
    if let Some(sysroot) = SYSROOT.get() {
        return Ok(Some(sysroot.clone()));
    }
    let sysroot = target::print("sysroot", &[])?.into();
    Ok(Some(SYSROOT.get_or_init(|| sysroot).clone()))
}

fn program() -> OsString {
    target::absolute(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

pub(super) fn not_started(error: std::io::Error) -> CompileError {
    CompileError::NoToolchain { program: program().to_string_lossy().into_owned(), error }
}

/// Cargo's words on one line, without the name of their kind.
pub(super) fn sentence(words: &str) -> String {
    let lines: Vec<_> = words.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let start = lines.iter().position(|line| line.starts_with("error")).unwrap_or_default();
    lines.get(start..).unwrap_or_default().join(" ").trim_start_matches("error: ").to_owned()
}
