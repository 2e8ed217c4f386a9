use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::Failure;
use super::format::Format;
use super::options::{LockedArg, RegistryArgs};
use crate::audit::{self, Described, Sources};
use crate::signatures::{self, Checked, Parts, SignatureError};
use policy_host::progress::Progress;
use policy_oci::store::Store;
use policy_signing::PublicKey;
use policy_text::escape_line;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: policy-builder verify policy-engine.tar --policies ./policies")]
pub(super) struct Verify {
    /// An archive, the folder of an OCI image layout, or a reference to a registry
    #[arg(value_name = "IMAGE")]
    image: String,
    /// The public key that has to have signed the image and all documents of it: a file, or
    /// `env://NAME` for a variable. Without `--policies` nothing is built then
    #[arg(long, value_name = "FILE|env://NAME")]
    key: Option<String>,
    /// The folder of policy crates [default: `policies`, without `--key`]
    #[arg(long, value_name = "DIR")]
    policies: Option<PathBuf>,
    /// A checkout of policy-engine to build with [default: the one that this program runs in, else
    /// the sources in the program itself]
    #[arg(long, value_name = "DIR", env = "POLICY_ENGINE_SOURCE")]
    engine: Option<PathBuf>,
    #[command(flatten)]
    locked: LockedArg,
    /// The folder to work in and to cache results in [default: `policy-builder` in Cargo's target
    /// folder, or in the user's cache where the engine's sources are this program's own]
    #[arg(long, value_name = "DIR")]
    work_dir: Option<PathBuf>,
    #[command(flatten)]
    registry: RegistryArgs,
    /// The format of the output: text for people or JSON for programs
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

impl Verify {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let key = self.key.as_deref().map(signatures::public_key).transpose()?;
        let progress = Progress::new();
        let (store, image) = Described::open_with_store(&self.image, self.registry.options())?;
        let signed = key.as_ref().map(|key| self.check(store.as_ref(), &image, key)).transpose()?;
        let policies = self.policies();
        if let Some(policies) = policies {
            let sources = Sources {
                policies,
                engine: self.engine.as_deref(),
                work_dir: self.work_dir.as_deref(),
                locked: self.locked.locked(),
            };
            audit::verify(&self.image, &image, &sources, &progress)?;
        }
        progress.finish();
        let digest = image.digest.to_string();
        let fingerprint = key.as_ref().map(|key| key.fingerprint().to_string());
        let verified = serde_json::json!({
            "image": self.image,
            "digest": digest,
            "policies": policies,
            "key": fingerprint,
            "signed": signed.as_ref().map(Checked::to_json),
        });
        self.format.print(&verified, || {
            let key = fingerprint.map(|key| format!("signed by the key {key}"));
            let policies =
                policies.map(|policies| format!("built again from `{}`", policies.display()));
            let how: Vec<_> = key.into_iter().chain(policies).collect();
            let mut text =
                format!("verified  {}\ndigest    {digest}, {}\n", self.image, how.join(", "));
            for line in signed.iter().flat_map(Checked::lines) {
                let _ = writeln!(text, "{}", escape_line(&line));
            }
            text
        })
    }

    /// The folder to build from; `None` where only signatures are checked.
    fn policies(&self) -> Option<&Path> {
        let default = self.key.is_none().then(|| Path::new("policies"));
        self.policies.as_deref().or(default)
    }

    fn check(
        &self,
        store: &dyn Store,
        image: &Described,
        key: &PublicKey,
    ) -> Result<Checked, SignatureError> {
        let parts = Parts::read(store, image).map_err(|error| SignatureError::Read {
            image: self.image.clone(),
            error: Box::new(error),
        })?;
        signatures::check(&self.image, store, image, &parts, key)
    }
}
