use std::fmt::Write as _;
use std::rc::Rc;

use serde_json::json;

use super::Failure;
use super::format::Format;
use super::options::RegistryArgs;
use crate::audit::Described;
use crate::signatures::{self, Parts, SignatureError};
use policy_host::progress::Progress;
use policy_oci::attach;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Signatures are Sigstore bundles, as those of `cosign`. Make a key with `openssl \
                  genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem`.\n\n\
                  Example: policy-builder sign registry.example.com/policies:v1 --key key.pem"
)]
pub(super) struct Sign {
    /// A reference to a registry, or the folder of an OCI image layout
    #[arg(value_name = "IMAGE")]
    image: String,
    /// The private key to sign with: a file, or `env://NAME` for a variable; ECDSA on P-256 in
    /// PKCS#8, as PEM
    #[arg(long, value_name = "FILE|env://NAME")]
    key: String,
    /// What holds the passphrase of an encrypted key: a file, or `env://NAME` for a variable
    #[arg(long, value_name = "FILE|env://NAME")]
    passphrase: Option<String>,
    /// Signs the image of each platform as well, not only the index of all
    #[arg(long)]
    recursive: bool,
    #[command(flatten)]
    registry: RegistryArgs,
    /// The format of the output: text for people or JSON for programs
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

impl Sign {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let progress = Rc::new(Progress::new());
        let key = signatures::private_key(&self.key, self.passphrase.as_deref(), &progress)?;
        let named = || self.image.clone();
        attach::check(&self.image)
            .map_err(|error| SignatureError::Archive { image: named(), error: Box::new(error) })?;
        let options = self.registry.options();
        let (store, described) = Described::open_with_store(&self.image, options)?;
        let parts = Parts::read(store.as_ref(), &described)
            .map_err(|error| SignatureError::Read { image: named(), error: Box::new(error) })?;
        let signed = signatures::sign(&self.image, &parts, &key, self.recursive)?;
        let (signed, referrers): (Vec<_>, Vec<_>) =
            signed.into_iter().map(signatures::Signed::into_parts).unzip();
        let attached = attach::attach(&self.image, &referrers, options, &progress)
            .map_err(|error| SignatureError::Attach { image: named(), error: Box::new(error) })?;
        progress.finish();

        let digests = referrers.iter().map(|referrer| referrer.descriptor().digest().to_string());
        let digests: Vec<_> = digests.collect();
        let subjects = referrers.iter().map(|referrer| referrer.subject().to_string());
        let listed = signed.iter().zip(&digests).zip(subjects).map(|((signed, bundle), subject)| {
            json!({"of": signed.name, "subject": subject, "platform": signed.platform, "bundle": bundle})
        });
        let fingerprint = key.public_key().fingerprint().to_string();
        let document = json!({
            "image": self.image,
            "digest": described.digest.to_string(),
            "key": fingerprint,
            "signatures": listed.collect::<Vec<_>>(),
            "added": attached.added,
        });
        self.format.print(&document, || {
            let mut text = format!(
                "signed     {}\ndigest     {}\nkey        {fingerprint}\n",
                self.image, described.digest
            );
            for (signed, bundle) in signed.iter().zip(&digests) {
                let _ = writeln!(text, "signature  {bundle}, of the {signed}");
            }
            text
        })
    }
}
