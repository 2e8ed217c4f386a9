use std::fmt;

use policy_api::Registration;
use serde::Serialize;

/// The facts that a generated program knows of its own build.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// The target triple that it was compiled for.
    pub target: &'static str,
    /// The source revision, when it was known.
    pub revision: Option<&'static str>,
    /// The policy crates that were asked for, sorted by name.
    pub crates: &'static [LinkedCrate],
}

impl Program {
    /// What a policy crate may do while the program runs; nothing for a crate that is not known.
    #[must_use]
    pub fn grants_of(&self, crate_name: &str) -> &'static [Grant] {
        let linked = self.crates.iter().find(|linked| linked.name == crate_name);
        linked.map_or(&[], |linked| linked.grants)
    }
}

/// One policy crate of the program.
#[derive(Debug, Clone, Copy)]
pub struct LinkedCrate {
    /// The package's name.
    pub name: &'static str,
    /// The package's version.
    pub version: &'static str,
    /// Its policies. Being named here is what keeps the linker from dropping them.
    pub policies: &'static &'static [Registration],
    /// What it may do while it runs, sorted; mostly nothing.
    pub grants: &'static [Grant],
}

/// Something that a policy crate may do while it runs: an entry of `[vet.allow]` in `policies.toml`
/// for the crate itself, or for one that it is linked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Grant {
    /// The crate that the entry names.
    #[serde(rename = "crate")]
    pub crate_name: &'static str,
    /// `files`, `network`, `processes` or `threads`.
    pub what: &'static str,
    /// The item that was allowed, such as `std::fs::read`; `None` for all of that kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<&'static str>,
    /// Why it is allowed.
    pub reason: &'static str,
}

/// As people read it, without the reason: `files of geo (std::fs::read)`.
impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.what, self.crate_name)?;
        self.item.map_or(Ok(()), |item| write!(f, " ({item})"))
    }
}
