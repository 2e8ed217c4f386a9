use std::env::consts::{ARCH, OS};
use std::path::PathBuf;

use super::configuration::linker_variable;
use super::{CargoError, linker, rustc};

/// The target that a program is compiled for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The target triple.
    pub triple: String,
    /// A note for the user about this choice, when it is not the best one.
    pub note: Option<String>,
    /// The linker for Cargo, where its own choice would not do.
    pub(super) linker: Option<&'static str>,
}

impl Target {
    /// The target that the user names, or musl on this machine's processor where its standard
    /// library is installed, or else glibc, linked statically.
    ///
    /// # Errors
    /// When the target is unknown, or lacks its standard library or a linker.
    pub fn choose(given: Option<&str>) -> Result<Self, CargoError> {
        if let Some(triple) = given {
            if !rustc::is_linux(triple) {
                return Err(CargoError::NotLinux(triple.to_owned()));
            }
            let host = rustc::host()?;
            if !has_standard_library(triple)? {
                return Err(CargoError::NoStandardLibrary { target: triple.to_owned() });
            }
            let linker = linker::choose(triple, &host)?;
            return Ok(Self { linker, ..Self::new(triple) });
        }
        let host = rustc::host()?;
        let musl = musl_for(&host);
        if has_standard_library(&musl)? {
            let linker = linker::choose(&musl, &host)?;
            return Ok(Self { linker, ..Self::new(&musl) });
        }
        if host.contains("-linux-gnu") {
            let note = format!(
                "the program is linked against glibc, statically: `rustup target add {musl}` gets \
                 musl, which makes it smaller and free of glibc's own plugins"
            );
            return Ok(Self { note: Some(note), ..Self::new(&host) });
        }
        Err(CargoError::NoStandardLibrary { target: musl })
    }

    /// A target that a program was compiled for already.
    #[must_use]
    pub fn new(triple: &str) -> Self {
        Self { triple: triple.to_owned(), note: None, linker: None }
    }

    /// The variable that tells Cargo what to link with, where its own choice would not do.
    #[must_use]
    pub fn linker_variable(&self) -> Option<(String, &'static str)> {
        self.linker.map(|linker| (linker_variable(&self.triple), linker))
    }

    /// Checks whether programs for it start on this machine.
    #[must_use]
    pub fn runs_here(&self) -> bool {
        OS == "linux" && self.triple.starts_with(&format!("{ARCH}-"))
    }
}

/// The musl target for the processor of a host.
fn musl_for(host: &str) -> String {
    match host.split_once("-linux-gnu") {
        // With what comes behind: `eabihf` is part of how an ARM program is called.
        Some((machine, abi)) => format!("{machine}-linux-musl{abi}"),
        None => format!("{}-unknown-linux-musl", host.split('-').next().unwrap_or_default()),
    }
}

fn has_standard_library(triple: &str) -> Result<bool, CargoError> {
    let folder = rustc::print("target-libdir", &["--target", triple])?;
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
    fn every_host_has_a_musl_target() {
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
    fn unsupported_targets_are_refused() {
        let error = |triple| Target::choose(Some(triple)).unwrap_err().to_string();
        assert_eq!(
            error("x86_64-pc-windows-msvc"),
            "target `x86_64-pc-windows-msvc` is not Linux\nhelp: name a Linux target, such as \
             `x86_64-unknown-linux-musl`"
        );
        assert!(
            error("x86_65-linux")
                .starts_with("this compiler does not know the target `x86_65-linux`: ")
        );
    }
}
