use std::ffi::OsStr;

use super::Treatment;

/// The prefixes of variables that Cargo keeps.
const FOLLOWED: [&str; 7] = [
    "CARGO_CACHE_",
    "CARGO_CREDENTIAL_ALIAS_",
    "CARGO_HTTP_",
    "CARGO_NET_",
    "CARGO_REGISTRIES_",
    "CARGO_REGISTRY_",
    "CARGO_SOURCE_",
];

/// The prefixes of variables that decide what a program is made of.
const DECIDING: [&str; 9] = [
    "CARGO_BUILD_RUSTC",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_PROFILE_RELEASE_",
    "CARGO_RESOLVER_",
    "CARGO_UNSTABLE_",
    "RUSTC_",
    "RUSTFLAGS",
];

/// The treatment of a variable; `None` for one that Cargo and the compiler do not look at.
///
/// `RUSTC` names the compiler, as `RUSTUP_TOOLCHAIN` does: the toolchain is the user's.
pub(super) fn treatment(name: &OsStr) -> Option<Treatment> {
    let name = name.to_str()?;
    let is_linker = name.starts_with("CARGO_TARGET_") && name.ends_with("_LINKER");
    let is_flags = name.starts_with("CARGO_TARGET_") && name.ends_with("_RUSTFLAGS");
    let begins = |with: &[&str]| with.iter().any(|start| name.starts_with(start));
    if is_linker || ["CARGO_BUILD_JOBS", "CARGO_LOG"].contains(&name) || begins(&FOLLOWED) {
        return Some(Treatment::Followed);
    }
    // It says what the compiler tells of itself.
    if name == "RUSTC_LOG" {
        return None;
    }
    // They say where things are, which a build says itself.
    if name.starts_with("CARGO_BUILD_TARGET_DIR") {
        return Some(Treatment::Passed);
    }
    if is_flags || begins(&DECIDING) {
        return Some(Treatment::SetAside);
    }
    let is_cargos = begins(&["CARGO_", "__CARGO_", "CLIPPY_"]) || name == "RUSTDOCFLAGS";
    is_cargos.then_some(Treatment::Passed)
}

/// The variable that tells Cargo a target's linker.
pub(crate) fn linker_variable(triple: &str) -> String {
    format!("CARGO_TARGET_{}_LINKER", triple.to_uppercase().replace(['-', '.'], "_"))
}
