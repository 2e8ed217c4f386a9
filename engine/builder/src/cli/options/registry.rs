use policy_oci::store::RegistryOptions;

/// How a registry is spoken to.
#[derive(Debug, clap::Args)]
pub(crate) struct RegistryArgs {
    /// Speaks plain HTTP to the registry, as is done anyway with one on this machine
    #[arg(long)]
    plain_http: bool,
}

impl RegistryArgs {
    pub(crate) fn options(&self) -> RegistryOptions {
        RegistryOptions { plain_http: self.plain_http }
    }
}
