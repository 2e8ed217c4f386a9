//! Sigstore bundles of in-toto statements, signed and verified with a key.
//!
//! - [`PrivateKey`] and [`PublicKey`] are read from PEM: ECDSA on P-256.
//! - [`Statement`] says something of what a digest names.
//! - [`Bundle`] is a signed statement, as `cosign` writes and reads it. Nothing of it is trusted before
//!   [`Bundle::verify`] gives the statement.
//!
//! The same key and statement give the same bytes (RFC 6979). This crate never reads, writes or prints
//! anything.
//!
//! # Example
//!
//! ```
//! use policy_signing::{Bundle, PrivateKey, Statement};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let pem = include_str!("golden/key.pem");
//! let key = PrivateKey::from_pem(pem, None)?;
//! let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
//! let bundle = Bundle::sign(&Statement::of_image(digest)?, &key);
//! let read = Bundle::parse(&bundle.to_json()?)?;
//! assert!(read.verify(&key.public_key())?.names(digest));
//! # Ok(())
//! # }
//! ```

mod bundle;
mod key_error;
mod pem;
mod private_key;
mod public_key;
mod statement;
#[cfg(test)]
mod tests;

pub use bundle::{BUNDLE, Bundle, BundleError, Signer, VerifyError};
pub use key_error::KeyError;
pub use private_key::PrivateKey;
pub use public_key::{Fingerprint, PublicKey};
pub use statement::{IMAGE_SIGNATURE, Statement, StatementError};
