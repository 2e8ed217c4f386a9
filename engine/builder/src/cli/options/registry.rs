use policy_oci::store::RegistryOptions;

/// The options of a registry.
#[derive(Debug, clap::Args)]
pub(crate) struct RegistryArgs {
    /// Uses plain HTTP for the registry, as for one on this machine
    #[arg(long)]
    plain_http: bool,
}

impl RegistryArgs {
    pub(crate) fn options(&self) -> RegistryOptions {
        RegistryOptions { plain_http: self.plain_http }
    }
}
