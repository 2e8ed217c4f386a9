//! The cryptography of TLS: Graviola, which is Rust and assembler and needs no C compiler.
//!
//! The engine and the builder take their provider here. This crate never opens a connection and
//! never decides whom to trust.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;

/// The reason for which this machine has no TLS.
#[derive(Debug, thiserror::Error)]
pub enum Unsupported {
    /// The processor lacks instructions that newer ones of its kind have.
    #[error("TLS needs a processor with the instructions {0}, which this one lacks")]
    Processor(String),
    /// There is no implementation for this kind of processor.
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    #[error(
        "TLS is supported on x86_64 and aarch64, and this program is for {}",
        std::env::consts::ARCH
    )]
    Architecture,
}

/// The provider of all cryptography that TLS needs.
///
/// # Errors
/// On a processor that Graviola does not support: it would panic there.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub fn provider() -> Result<Arc<CryptoProvider>, Unsupported> {
    let missing: Vec<_> = required_instructions()
        .into_iter()
        .filter(|(_, present)| !present)
        .map(|(name, _)| name)
        .collect();
    if missing.is_empty() {
        Ok(Arc::new(rustls_graviola::default_provider()))
    } else {
        Err(Unsupported::Processor(missing.join(", ")))
    }
}

/// The provider of all cryptography that TLS needs.
///
/// # Errors
/// Always: Graviola does not support this kind of processor.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub fn provider() -> Result<Arc<CryptoProvider>, Unsupported> {
    Err(Unsupported::Architecture)
}

/// The instructions that Graviola needs, each with whether this processor has it.
#[cfg(target_arch = "x86_64")]
fn required_instructions() -> [(&'static str, bool); 8] {
    [
        ("aes", is_x86_feature_detected!("aes")),
        ("pclmulqdq", is_x86_feature_detected!("pclmulqdq")),
        ("ssse3", is_x86_feature_detected!("ssse3")),
        ("avx", is_x86_feature_detected!("avx")),
        ("avx2", is_x86_feature_detected!("avx2")),
        ("bmi1", is_x86_feature_detected!("bmi1")),
        ("bmi2", is_x86_feature_detected!("bmi2")),
        ("adx", is_x86_feature_detected!("adx")),
    ]
}

/// The instructions that Graviola needs, each with whether this processor has it.
#[cfg(target_arch = "aarch64")]
fn required_instructions() -> [(&'static str, bool); 4] {
    use std::arch::is_aarch64_feature_detected;
    [
        ("neon", is_aarch64_feature_detected!("neon")),
        ("aes", is_aarch64_feature_detected!("aes")),
        ("pmull", is_aarch64_feature_detected!("pmull")),
        ("sha2", is_aarch64_feature_detected!("sha2")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_instructions_are_named() {
        assert_eq!(
            Unsupported::Processor("avx2, adx".to_owned()).to_string(),
            "TLS needs a processor with the instructions avx2, adx, which this one lacks"
        );
    }
}
