use crate::signatures::{self, KeyFileError};
use policy_host::progress::Progress;
use policy_signing::PrivateKey;

/// The options of a key to sign with. Nothing secret is an argument: others see those.
#[derive(Debug, clap::Args)]
pub(crate) struct SigningKeyArgs {
    /// The private key to sign with: a file, or `env://NAME` for a variable; ECDSA on P-256 in
    /// PKCS#8, as PEM
    #[arg(long, value_name = "FILE|env://NAME")]
    pub(crate) key: Option<String>,
    /// What holds the passphrase of an encrypted key: a file, or `env://NAME` for a variable
    #[arg(long, value_name = "FILE|env://NAME", requires = "key")]
    pub(crate) passphrase: Option<String>,
}

impl SigningKeyArgs {
    /// Reads the key, where there is one.
    pub(crate) fn read(&self, progress: &Progress) -> Result<Option<PrivateKey>, KeyFileError> {
        let passphrase = self.passphrase.as_deref();
        let key = self.key.as_deref();
        key.map(|key| signatures::private_key(key, passphrase, progress)).transpose()
    }
}
