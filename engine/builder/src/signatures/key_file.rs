//! Keys from files and variables. Secrets are in memory only as long as it takes to read them.

use std::env;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;

use policy_host::progress::Progress;
use policy_signing::{KeyError, PrivateKey, PublicKey};
use zeroize::Zeroizing;

use super::error::KeyFileError;

/// A variable, as `cosign` names one.
const VARIABLE: &str = "env://";
/// The largest key or passphrase, in bytes.
const LARGEST: u64 = 64 << 10;

/// Reads a private key from a file or a variable, and its passphrase from another.
pub(crate) fn private_key(
    name: &str,
    passphrase: Option<&str>,
    progress: &Progress,
) -> Result<PrivateKey, KeyFileError> {
    let text = read(name)?;
    let passphrase = passphrase.map(read).transpose()?;
    let passphrase = passphrase.as_deref().map(|text| {
        // Editors and `echo` end the file with a line feed, which is no part of it.
        let line = text.strip_suffix('\n').unwrap_or(text);
        line.strip_suffix('\r').unwrap_or(line).as_bytes()
    });
    let key = PrivateKey::from_pem(&text, passphrase).map_err(|error| match error {
        KeyError::Encrypted => KeyFileError::Encrypted { name: name.to_owned(), error },
        error => KeyFileError::Key { name: name.to_owned(), error },
    })?;
    if passphrase.is_none() && is_open_to_others(name) {
        progress.line(&format!(
            "note: others can read the private key `{name}`; `chmod 600 {name}` keeps it to you"
        ));
    }
    Ok(key)
}

/// Reads a public key from a file or a variable.
pub(crate) fn public_key(name: &str) -> Result<PublicKey, KeyFileError> {
    PublicKey::from_pem(&read(name)?)
        .map_err(|error| KeyFileError::Key { name: name.to_owned(), error })
}

fn read(name: &str) -> Result<Zeroizing<String>, KeyFileError> {
    let own_name = || name.to_owned();
    if let Some(variable) = name.strip_prefix(VARIABLE) {
        return match env::var(variable) {
            Ok(text) => Ok(Zeroizing::new(text)),
            Err(env::VarError::NotPresent) => Err(KeyFileError::NotSet { name: own_name() }),
            Err(env::VarError::NotUnicode(_)) => Err(KeyFileError::NotText { name: own_name() }),
        };
    }
    if name.contains("://") {
        return Err(KeyFileError::Scheme { name: own_name() });
    }
    let bytes = read_file(name).map_err(|error| KeyFileError::Read { name: own_name(), error })?;
    if bytes.len() as u64 > LARGEST {
        return Err(KeyFileError::Large { name: own_name(), most: LARGEST });
    }
    let text = str::from_utf8(&bytes).map_err(|_| KeyFileError::NotText { name: own_name() })?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Reads a file, or a little more than is allowed of it. It may be a pipe.
fn read_file(name: &str) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = std::fs::File::open(name)?;
    // Room for all of it at once: what a vector grows out of stays in memory.
    let mut bytes = Zeroizing::new(Vec::with_capacity(2 * usize::try_from(LARGEST).unwrap_or(0)));
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn is_open_to_others(name: &str) -> bool {
    let found = std::fs::metadata(name);
    found.is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o077 != 0)
}
