//! Running Cargo.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, BufReader, Read};
use std::iter;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;

use super::home::{self, ConfigFile};
use super::{CargoError, Configuration, Message, message, rustc, rustflags};
use policy_host::signals::{self, ScratchDir, TempPath};

/// The use that Cargo may make of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// It works with what is on this machine.
    Off,
    /// It may download what is missing.
    On,
}

/// Has Cargo add to the lock of the workspace in `root` what it lacks. What it holds is kept where
/// that is possible.
///
/// # Errors
/// When Cargo does not start, or finds no versions.
pub fn complete_lock(root: &Path, network: Network) -> Result<(), CargoError> {
    let cargo = Cargo::with_temporary_home()?;
    let mut command = cargo.command("update", root)?;
    command.args(["--workspace", "--quiet"]);
    if network == Network::Off {
        command.arg("--offline");
    }
    resolve(&mut command).map(drop)
}

/// What decides Cargo's answers beside the workspace that they are about: its version and its
/// configuration. There may be secrets in it.
///
/// # Errors
/// When the compiler does not start, or the configuration is wrong.
pub fn circumstances() -> Result<String, CargoError> {
    let configuration = Configuration::read()?;
    let (program, compiler) = (program(), rustc::version()?);
    Ok(format!("{}\n{compiler}\n{}", program.display(), configuration.to_toml()))
}

/// Runs a command of Cargo that resolves dependencies, and gives what it prints.
pub(super) fn resolve(command: &mut Command) -> Result<Vec<u8>, CargoError> {
    let output = signals::output_interactive(command).map_err(not_started)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(CargoError::Resolve(one_line(&String::from_utf8_lossy(&output.stderr))))
}

/// The exit status and the standard error of a Cargo.
pub struct CargoOutput {
    /// The exit status.
    pub status: ExitStatus,
    /// All of standard error.
    pub stderr: String,
}

/// Runs a Cargo that prints messages, and hands each to `handle` as it comes.
///
/// # Errors
/// When Cargo does not start, or prints a message that is not understood.
pub fn stream_messages(
    mut command: Command,
    handle: impl FnMut(Message),
) -> Result<CargoOutput, CargoError> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = signals::spawn(&mut command).map_err(not_started)?;
    let stderr = child.process.stderr.take();
    let stderr = thread::spawn(move || {
        let mut text = String::new();
        if let Some(mut stderr) = stderr {
            // Text that is not UTF-8 is not worth stopping a build for.
            let _ = stderr.read_to_string(&mut text);
        }
        text
    });
    let stdout = child.process.stdout.take().map(BufReader::new);
    if let Err(error) = stdout.map_or(Ok(()), |stdout| message::read(stdout, handle)) {
        if matches!(error, CargoError::Message(_)) {
            // All was read.
            let _ = child.wait();
        }
        return Err(error);
    }
    Ok(CargoOutput { status: child.wait()?, stderr: stderr.join().unwrap_or_default() })
}

/// Has the compilers of a command work in a folder below `cache` that an interruption removes: a
/// compiler that is killed leaves its temporary files there.
///
/// # Errors
/// When the folder cannot be made.
pub fn use_temporary_folder(command: &mut Command, cache: &Path) -> Result<TempPath, CargoError> {
    let folder = TempPath::new(&cache.join("tmp"))?;
    signals::critical_section(|| fs_err::create_dir_all(folder.path()))?;
    // Overrides the configuration that Cargo reads wherever it runs.
    command.env("CARGO_BUILD_BUILD_DIR", cache);
    command.env("TMPDIR", folder.path());
    Ok(folder)
}

/// The Cargo that runs this program, or else the one on the PATH, with the toolchain that the user
/// has set where he is, and with nothing of his configuration that would change the program: see
/// [`Configuration`].
pub struct Cargo {
    home: PathBuf,
    configuration: Configuration,
    _file: ConfigFile,
    /// The folder of a home that goes with this.
    _temporary: Option<ScratchDir>,
}

impl Cargo {
    /// One for a command whose results do not tell where Cargo's home is.
    ///
    /// # Errors
    /// When the home cannot be laid out, or the configuration is wrong.
    pub fn with_temporary_home() -> Result<Self, CargoError> {
        let folder = ScratchDir::new()?;
        let home = folder.path().to_owned();
        Ok(Self { _temporary: Some(folder), ..Self::with_home(home)? })
    }

    /// One whose home stays in a cache: what is compiled by it need not be compiled again.
    ///
    /// # Errors
    /// When the home cannot be laid out, or the configuration is wrong.
    pub fn with_home_in(cache: &Path) -> Result<Self, CargoError> {
        Self::with_home(home::home_in(cache))
    }

    fn with_home(home: PathBuf) -> Result<Self, CargoError> {
        let configuration = Configuration::read()?;
        let file = home::lay_out(&home, &configuration.to_toml())?;
        Ok(Self { home, configuration, _file: file, _temporary: None })
    }

    /// One of Cargo's commands for the workspace in a folder.
    ///
    /// It runs where no folder around it has a configuration.
    ///
    /// # Errors
    /// When the toolchain is not known.
    pub fn command(&self, subcommand: &str, root: &Path) -> Result<Command, CargoError> {
        self.command_of(Command::new(program()), subcommand, root)
    }

    /// Clippy for the workspace in a folder; `None` where there is none.
    ///
    /// It is the toolchain's own. Cargo would start the first one in `$CARGO_HOME/bin` and on the
    /// `PATH`, which may be rustup's while the toolchain is not.
    ///
    /// # Errors
    /// When the toolchain is not known.
    pub fn clippy(&self, root: &Path) -> Result<Option<Command>, CargoError> {
        let own = PathBuf::from(sysroot()?).join("bin");
        let path = env::var_os("PATH").unwrap_or_default();
        let folders = iter::once(own).chain(env::split_paths(&path));
        let mut programs = folders.map(|folder| folder.join("cargo-clippy"));
        let Some(clippy) = programs.find(|program| program.is_file()) else { return Ok(None) };
        let clippy = Command::new(std::path::absolute(clippy)?);
        self.command_of(clippy, "clippy", root).map(Some)
    }

    /// Checks whether there is a Clippy: rustup's stands for one that may not be installed.
    ///
    /// # Errors
    /// When the toolchain is not known, or Clippy does not start.
    pub fn has_clippy(&self, root: &Path) -> Result<bool, CargoError> {
        let Some(mut command) = self.clippy(root)? else { return Ok(false) };
        Ok(signals::output(command.arg("--version")).map_err(not_started)?.status.success())
    }

    fn command_of(
        &self,
        mut command: Command,
        subcommand: &str,
        root: &Path,
    ) -> Result<Command, CargoError> {
        let manifest = std::path::absolute(root)?.join("Cargo.toml");
        command.arg(subcommand).arg("--manifest-path").arg(manifest);
        command.current_dir("/").stdin(Stdio::null());
        for name in &self.configuration.removed {
            command.env_remove(name);
        }
        command.envs(self.configuration.variables.iter().map(|(name, value)| (name, value)));
        if env::var_os(TOOLCHAIN).is_none_or(|given| given.is_empty()) {
            // The one that rustup would run in the current folder. A toolchain of another kind does
            // not look at it.
            command.env(TOOLCHAIN, sysroot()?);
        }
        if let Some(folders) = env::var_os("PATH").and_then(|path| absolute_folders(&path)) {
            command.env("PATH", folders);
        }
        if env::var_os("RUSTC").is_some() {
            command.env("RUSTC", rustc::program());
        }
        if env::var_os("CARGO").is_some() {
            // Clippy runs the Cargo that it finds there.
            command.env("CARGO", program());
        }
        command.env("CARGO_HOME", &self.home).env("CARGO_ENCODED_RUSTFLAGS", rustflags::STATIC);
        Ok(command)
    }
}

/// The folders of a `PATH`, for a program that runs elsewhere.
fn absolute_folders(path: &OsStr) -> Option<OsString> {
    let folders =
        env::split_paths(path).map(|folder| std::path::absolute(&folder).unwrap_or(folder));
    env::join_paths(folders).ok()
}

/// The variable by which rustup is told which toolchain it is to run.
const TOOLCHAIN: &str = "RUSTUP_TOOLCHAIN";

/// The folder of the toolchain.
fn sysroot() -> Result<String, CargoError> {
    rustc::print("sysroot", &[])
}

fn program() -> OsString {
    rustc::absolute(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

pub(super) fn not_started(error: io::Error) -> CargoError {
    CargoError::NoToolchain { program: program().to_string_lossy().into_owned(), error }
}

/// Cargo's own error text on one line, without its `error: `.
pub fn one_line(words: &str) -> String {
    let lines: Vec<_> = words.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let start = lines.iter().position(|line| line.starts_with("error")).unwrap_or_default();
    lines.get(start..).unwrap_or_default().join(" ").trim_start_matches("error: ").to_owned()
}
