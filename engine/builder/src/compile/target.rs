use std::env;
use std::env::consts::{ARCH, OS};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use super::{CompileError, linker};
use crate::image::Platform;
use crate::interrupt;

/// What the program is compiled for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// The target triple.
    pub(crate) triple: String,
    /// What to tell the user about this choice, when it is not the best one.
    pub(crate) note: Option<String>,
    /// What Cargo is told to link with, where its own choice would not do.
    pub(super) linker: Option<&'static str>,
}

impl Target {
    /// The target that the user names, or musl on this machine's processor where its standard
    /// library is installed, or else glibc, linked statically.
    pub(crate) fn choose(given: Option<&str>) -> Result<Self, CompileError> {
        if let Some(triple) = given {
            if !is_linux(triple) {
                return Err(CompileError::NotLinux(triple.to_owned()));
            }
            let host = host()?;
            if !has_standard_library(triple)? {
                return Err(CompileError::NoStandardLibrary { target: triple.to_owned() });
            }
            let linker = linker::choose(triple, &host)?;
            return Ok(Self { linker, ..Self::of(triple) });
        }
        let host = host()?;
        let musl = musl_for(&host);
        if has_standard_library(&musl)? {
            let linker = linker::choose(&musl, &host)?;
            return Ok(Self { linker, ..Self::of(&musl) });
        }
        if host.contains("-linux-gnu") {
            let note = format!(
                "the program is linked against glibc, statically: `rustup target add {musl}` gets \
                 musl, which makes it smaller and free of glibc's own plugins"
            );
            return Ok(Self { note: Some(note), ..Self::of(&host) });
        }
        Err(CompileError::NoStandardLibrary { target: musl })
    }

    /// The target for a platform: musl, and on this machine's own platform as without one.
    pub(crate) fn for_platform(platform: &Platform) -> Result<Self, CompileError> {
        let is_own = Platform::of_target(&host()?) == *platform;
        Self::choose(platform.musl_target().filter(|_| !is_own))
    }

    /// What the compiler runs on itself, for programs that are to run here.
    pub(crate) fn here() -> Result<Self, CompileError> {
        static HOST: OnceLock<String> = OnceLock::new();
        if let Some(host) = HOST.get() {
            return Ok(Self::of(host));
        }
        let host = host()?;
        Ok(Self::of(HOST.get_or_init(|| host)))
    }

    /// A target that a program was compiled for already.
    pub(crate) fn of(triple: &str) -> Self {
        Self { triple: triple.to_owned(), note: None, linker: None }
    }

    /// The platform that its programs run on.
    pub(crate) fn platform(&self) -> Platform {
        Platform::of_target(&self.triple)
    }

    /// Whether programs for it start on this machine.
    pub(crate) fn runs_here(&self) -> bool {
        OS == "linux" && self.triple.starts_with(&format!("{ARCH}-"))
    }
}

/// The triple of the machine that the compiler runs on.
pub(super) fn host() -> Result<String, CompileError> {
    print("host-tuple", &[])
}

/// The musl target for the processor of a host.
fn musl_for(host: &str) -> String {
    match host.split_once("-linux-gnu") {
        // With what comes behind: `eabihf` is part of how an ARM program is called.
        Some((machine, abi)) => format!("{machine}-linux-musl{abi}"),
        None => format!("{}-unknown-linux-musl", host.split('-').next().unwrap_or_default()),
    }
}

pub(super) fn is_linux(triple: &str) -> bool {
    triple.split('-').any(|part| part == "linux")
}

/// The compiler that Cargo will use.
pub(super) fn rustc() -> OsString {
    absolute(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
}

/// A program as it is started from any folder: one that is not looked for on the `PATH` by an
/// absolute path.
pub(super) fn absolute(program: OsString) -> OsString {
    match Path::new(&program) {
        path if path.components().count() < 2 => program,
        path => std::path::absolute(path).map_or(program.clone(), Into::into),
    }
}

/// The compiler's version, as it says it: `rustc 1.95.0 (59807616e 2026-04-14)`.
pub(crate) fn rustc_version() -> Result<String, CompileError> {
    let output = run(&["--version"])?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn run(arguments: &[&str]) -> Result<Output, CompileError> {
    let rustc = rustc();
    let output = interrupt::output(Command::new(&rustc).args(arguments));
    output.map_err(|error| CompileError::NoToolchain {
        program: rustc.to_string_lossy().into_owned(),
        error,
    })
}

/// What the compiler prints for `--print WHAT`.
pub(crate) fn print(what: &str, more: &[&str]) -> Result<String, CompileError> {
    let output = run(&[&["--print", what], more].concat())?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let reason = words.lines().next().unwrap_or_default().trim_start_matches("error: ");
    if more.is_empty() {
        // Of what it always knows, it tells nothing: rustup does not find one to run.
        return Err(CompileError::Toolchain {
            reason: reason.to_owned(),
            named: named_toolchain()?,
        });
    }
    Err(CompileError::UnknownTarget {
        target: more.join(" ").replace("--target ", ""),
        reason: reason.to_owned(),
    })
}

/// What names the toolchain that rustup is to run here, in words.
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

fn has_standard_library(triple: &str) -> Result<bool, CompileError> {
    let folder = print("target-libdir", &["--target", triple])?;
    let Ok(entries) = fs_err::read_dir(folder) else { return Ok(false) };
    let mut files = entries.filter_map(|entry| Some(PathBuf::from(entry.ok()?.file_name())));
    Ok(files.any(|file| {
        let is_std = file.to_str().is_some_and(|name| name.starts_with("libstd-"));
        is_std && file.extension().is_some_and(|extension| extension == "rlib")
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_host_has_its_musl_target() {
        for (host, musl) in [
            ("x86_64-unknown-linux-gnu", "x86_64-unknown-linux-musl"),
            ("armv7-unknown-linux-gnueabihf", "armv7-unknown-linux-musleabihf"),
            ("aarch64-unknown-linux-musl", "aarch64-unknown-linux-musl"),
            ("aarch64-apple-darwin", "aarch64-unknown-linux-musl"),
        ] {
            assert_eq!(musl_for(host), musl);
        }
    }

    #[test]
    fn targets_that_no_image_can_hold_are_refused() {
        let error = |triple| Target::choose(Some(triple)).unwrap_err().to_string();
        assert_eq!(
            error("x86_64-pc-windows-msvc"),
            "target `x86_64-pc-windows-msvc` is not Linux: an image holds a Linux program, such as \
             `x86_64-unknown-linux-musl`"
        );
        assert!(
            error("x86_65-linux")
                .starts_with("target `x86_65-linux` is not one that this compiler knows: ")
        );
    }
}
