//! The checkout of policy-engine that this program was built from and runs in.

use std::env;
use std::path::{Path, PathBuf};

/// The package of this program, inside of a checkout.
const PACKAGE: &str = "engine/builder";

/// The folders that may be the root of that checkout, the likeliest first.
pub(super) fn candidates() -> Vec<PathBuf> {
    // `cargo run`, and so `cargo image`, says which package it runs. Others who say one, such as the
    // test of some crate, run this program for a purpose of their own.
    let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let program = env::current_exe().ok();
    let of_package = package.as_deref().and_then(of_package).map(Path::to_owned);
    let of_program = program.as_deref().and_then(of_program).map(Path::to_owned);
    [of_package, of_program].into_iter().flatten().collect()
}

/// The root of the checkout that a package is this program's in.
fn of_package(package: &Path) -> Option<&Path> {
    let is_ours = package.ends_with(PACKAGE) && package.join("Cargo.toml").is_file();
    package.ancestors().nth(2).filter(|_| is_ours)
}

/// The root of the checkout in whose target folder a program lies.
fn of_program(program: &Path) -> Option<&Path> {
    let targets = program.ancestors().filter(|folder| folder.ends_with("target"));
    let mut roots = targets.filter_map(Path::parent);
    roots.find(|root| root.join(PACKAGE).join("Cargo.toml").is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkout_is_that_of_the_package_or_of_the_target_folder() {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = package.ancestors().nth(2).unwrap();
        assert_eq!(of_package(package), Some(root));
        assert_eq!(of_package(&root.join("engine/api")), None);
        assert_eq!(of_package(Path::new("/elsewhere/engine/builder")), None);
        assert_eq!(of_program(&root.join("target/debug/policy-builder")), Some(root));
        assert_eq!(of_program(&root.join("tests/policy-builder")), None);
        assert_eq!(of_program(Path::new("/elsewhere/target/debug/policy-builder")), None);
    }
}
