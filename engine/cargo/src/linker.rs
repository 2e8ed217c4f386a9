//! The linker for programs of another machine than the compiler's own.

use std::env;
use std::path::Path;

use super::configuration::linker_variable;
use super::{CargoError, Configuration, rustc};

/// The linker that rustup's toolchains bring. What musl programs are linked with comes with their
/// standard library, so it takes no C compiler for their processor.
const RUST_LLD: &str = "rust-lld";

/// Chooses a linker for Cargo where its own choice, the `cc` of the machine `host`, would not do
/// and the user has not configured a linker for the target.
pub(super) fn choose(triple: &str, host: &str) -> Result<Option<&'static str>, CargoError> {
    let processor = |triple: &str| triple.split('-').next().map(str::to_owned);
    let is_foreign = !rustc::is_linux(host) || processor(host) != processor(triple);
    if !is_foreign || !triple.contains("-musl") || Configuration::read()?.has_linker(triple) {
        return Ok(None);
    }
    let tools = Path::new(&rustc::print("sysroot", &[])?).join("lib/rustlib").join(host);
    let on_path = env::var_os("PATH").unwrap_or_default();
    // As the compiler looks for it.
    let mut folders = env::split_paths(&on_path).chain([tools.join("bin")]);
    if folders.any(|folder| folder.join(RUST_LLD).is_file()) {
        return Ok(Some(RUST_LLD));
    }
    Err(CargoError::NoLinker { target: triple.to_owned(), variable: linker_variable(triple) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARM: &str = "aarch64-unknown-linux-musl";

    #[test]
    fn host_linker_is_used_for_the_host_processor() {
        for host in ["aarch64-unknown-linux-gnu", "aarch64-unknown-linux-musl"] {
            assert_eq!(choose(ARM, host).unwrap(), None);
        }
        assert_eq!(choose("aarch64-unknown-linux-gnu", "x86_64-unknown-linux-gnu").unwrap(), None);
    }

    #[test]
    fn missing_linker_error_has_a_remedy() {
        let error = CargoError::NoLinker { target: ARM.into(), variable: linker_variable(ARM) };
        assert_eq!(
            error.to_string(),
            "no linker for `aarch64-unknown-linux-musl`: this toolchain lacks `rust-lld`, which \
             those of rustup.rs have\nhelp: have it on the PATH, or name another linker, such as \
             `ld.lld` of LLVM, in `CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER`"
        );
    }
}
