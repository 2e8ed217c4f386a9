use policy_oci::store::registry::Options;

/// The options of a registry.
#[derive(Debug, clap::Args)]
pub(crate) struct RegistryArgs {
    /// Uses plain HTTP for the registry, as for one on this machine
    #[arg(long)]
    plain_http: bool,
}

impl RegistryArgs {
    pub(crate) fn options(&self) -> Options {
        Options { plain_http: self.plain_http }
    }
}
