use std::env::consts::{ARCH, OS};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use oci_spec::image::Arch;

use super::CompileError;

/// What the program is compiled for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// The target triple.
    pub(crate) triple: String,
    /// What to tell the user about this choice, when it is not the best one.
    pub(crate) note: Option<String>,
}

impl Target {
    /// The target that the user names, or musl on this machine's processor where its standard
    /// library is installed, or else glibc, linked statically.
    pub(crate) fn choose(given: Option<&str>) -> Result<Self, CompileError> {
        if let Some(triple) = given {
            if !is_linux(triple) {
                return Err(CompileError::NotLinux(triple.to_owned()));
            }
            return if has_standard_library(triple)? {
                Ok(Self { triple: triple.to_owned(), note: None })
            } else {
                Err(CompileError::NoStandardLibrary { target: triple.to_owned() })
            };
        }
        let host = host()?;
        let musl = musl_for(&host);
        if has_standard_library(&musl)? {
            return Ok(Self { triple: musl, note: None });
        }
        if host.contains("-linux-gnu") {
            let note = format!(
                "the program is linked against glibc, statically: `rustup target add {musl}` gets \
                 musl, which makes it smaller and free of glibc's own plugins"
            );
            return Ok(Self { triple: host, note: Some(note) });
        }
        Err(CompileError::NoStandardLibrary { target: musl })
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
        Self { triple: triple.to_owned(), note: None }
    }

    /// The processor, as images name it.
    pub(crate) fn architecture(&self) -> Arch {
        match self.triple.split('-').next().unwrap_or_default() {
            "x86_64" => Arch::Amd64,
            "aarch64" => Arch::ARM64,
            "i686" | "i586" => Arch::i386,
            "powerpc64le" => Arch::PowerPC64le,
            "riscv64gc" | "riscv64a23" => Arch::RISCV64,
            arm if arm.starts_with("arm") || arm.starts_with("thumb") => Arch::ARM,
            other => Arch::from(other),
        }
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

fn is_linux(triple: &str) -> bool {
    triple.split('-').any(|part| part == "linux")
}

/// The compiler that Cargo will use.
pub(super) fn rustc() -> OsString {
    std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())
}

/// What the compiler prints for `--print WHAT`.
pub(super) fn print(what: &str, more: &[&str]) -> Result<String, CompileError> {
    let rustc = rustc();
    let output = Command::new(&rustc).args(["--print", what]).args(more).output();
    let output = output.map_err(|error| CompileError::NoToolchain {
        program: rustc.to_string_lossy().into_owned(),
        error,
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let reason = words.lines().next().unwrap_or_default().trim_start_matches("error: ");
    Err(CompileError::UnknownTarget {
        target: more.join(" ").replace("--target ", ""),
        reason: reason.to_owned(),
    })
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
    fn architectures_have_the_names_that_images_use() {
        for (triple, architecture) in [
            ("x86_64-unknown-linux-musl", "amd64"),
            ("aarch64-unknown-linux-gnu", "arm64"),
            ("armv7-unknown-linux-musleabihf", "arm"),
            ("riscv64gc-unknown-linux-musl", "riscv64"),
            ("s390x-unknown-linux-gnu", "s390x"),
        ] {
            let target = Target { triple: triple.to_owned(), note: None };
            assert_eq!(target.architecture().to_string(), architecture);
        }
    }

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
