//! The linker for programs of another machine than the compiler's own.

use std::env;
use std::path::{Path, PathBuf};

use toml_edit::DocumentMut;

use super::{CompileError, paths, target};

/// The linker that rustup's toolchains bring. What musl programs are linked with comes with their
/// standard library, so it takes no C compiler for their processor.
const RUST_LLD: &str = "rust-lld";

/// What to have Cargo link with, where its own choice, the `cc` of the machine `host`, would not do
/// and the user has not configured a linker for the target.
pub(super) fn choose(triple: &str, host: &str) -> Result<Option<&'static str>, CompileError> {
    let processor = |triple: &str| triple.split('-').next().map(str::to_owned);
    let is_foreign = !target::is_linux(host) || processor(host) != processor(triple);
    if !is_foreign || !triple.contains("-musl") || is_configured(triple)? {
        return Ok(None);
    }
    let tools = Path::new(&target::print("sysroot", &[])?).join("lib/rustlib").join(host);
    let on_path = env::var_os("PATH").unwrap_or_default();
    // As the compiler looks for it.
    let mut folders = env::split_paths(&on_path).chain([tools.join("bin")]);
    if folders.any(|folder| folder.join(RUST_LLD).is_file()) {
        return Ok(Some(RUST_LLD));
    }
    Err(CompileError::NoLinker { target: triple.to_owned(), variable: variable(triple) })
}

/// The variable by which Cargo is told a target's linker.
pub(super) fn variable(triple: &str) -> String {
    format!("CARGO_TARGET_{}_LINKER", triple.to_uppercase().replace(['-', '.'], "_"))
}

/// Whether Cargo's environment or configuration has a linker under the target's own name; a
/// `cfg(…)` in its place is not looked for. Cargo itself shows its configuration to nightly
/// toolchains only, so its files are read here as it reads them.
fn is_configured(triple: &str) -> Result<bool, CompileError> {
    if env::var_os(variable(triple)).is_some_and(|linker| !linker.is_empty()) {
        return Ok(true);
    }
    let current = env::current_dir()?;
    let folders =
        current.ancestors().map(|folder| folder.join(".cargo")).chain(paths::cargo_home());
    Ok(folders.flat_map(|folder| configuration(&folder)).any(|text| has_linker(&text, triple)))
}

fn configuration(folder: &Path) -> Vec<String> {
    let files: [PathBuf; 2] = ["config.toml", "config"].map(|name| folder.join(name));
    files.iter().filter_map(|file| fs_err::read_to_string(file).ok()).collect()
}

/// What is wrong with a configuration, Cargo tells better.
fn has_linker(configuration: &str, triple: &str) -> bool {
    configuration
        .parse::<DocumentMut>()
        .is_ok_and(|it| it.get("target").and_then(|it| it.get(triple)?.get("linker")).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARM: &str = "aarch64-unknown-linux-musl";

    #[test]
    fn the_machines_own_linker_does_for_its_own_processor() {
        for host in ["aarch64-unknown-linux-gnu", "aarch64-unknown-linux-musl"] {
            assert_eq!(choose(ARM, host).unwrap(), None);
        }
        assert_eq!(choose("aarch64-unknown-linux-gnu", "x86_64-unknown-linux-gnu").unwrap(), None);
    }

    #[test]
    fn a_linker_that_is_not_there_is_asked_for() {
        let error = CompileError::NoLinker { target: ARM.into(), variable: variable(ARM) };
        assert_eq!(
            error.to_string(),
            "nothing here links programs for `aarch64-unknown-linux-musl`: this toolchain is \
             without `rust-lld`, which those of rustup.rs bring; have it on the PATH, or name \
             another linker, such as `ld.lld` of LLVM, in \
             `CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER`"
        );
    }

    #[test]
    fn a_configured_linker_is_found() {
        let written = "[target.aarch64-unknown-linux-musl]\nlinker = \"zig-cc\"\n";
        assert!(has_linker(written, ARM));
        assert!(!has_linker(written, "x86_64-unknown-linux-musl"));
        assert!(!has_linker("[target.aarch64-unknown-linux-musl]\nrunner = \"qemu\"\n", ARM));
        assert!(!has_linker("[target", ARM));
    }
}
