use policy_api::Registration;

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

/// One policy crate of the program.
#[derive(Debug, Clone, Copy)]
pub struct LinkedCrate {
    /// The package's name.
    pub name: &'static str,
    /// The package's version.
    pub version: &'static str,
    /// Its policies. Being named here is what keeps the linker from dropping them.
    pub policies: &'static &'static [Registration],
}
