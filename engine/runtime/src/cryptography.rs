//! The cryptography of TLS: Graviola, which is Rust and assembler and needs no C compiler.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;

/// Why TLS is not possible here.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unsupported {
    /// Instructions that newer processors of its kind have.
    #[error(
        "TLS needs a processor with the instructions {0}, which this one has not: listen on `http` \
         or `unix`, behind a proxy that speaks TLS"
    )]
    Processor(String),
    /// Another kind of processor.
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    #[error(
        "TLS is there for x86_64 and aarch64, and this program is for {}: listen on `http` or \
         `unix`, behind a proxy that speaks TLS",
        std::env::consts::ARCH
    )]
    Architecture,
}

/// All that TLS needs.
///
/// # Errors
/// On a processor for which there is none: Graviola would panic.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub(crate) fn provider() -> Result<Arc<CryptoProvider>, Unsupported> {
    let missing: Vec<_> =
        needed().into_iter().filter(|(_, present)| !present).map(|(name, _)| name).collect();
    if missing.is_empty() {
        Ok(Arc::new(rustls_graviola::default_provider()))
    } else {
        Err(Unsupported::Processor(missing.join(", ")))
    }
}

/// All that TLS needs.
///
/// # Errors
/// Always.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(crate) fn provider() -> Result<Arc<CryptoProvider>, Unsupported> {
    Err(Unsupported::Architecture)
}

/// What Graviola asks of a processor, and whether this one has it.
#[cfg(target_arch = "x86_64")]
fn needed() -> [(&'static str, bool); 8] {
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

/// What Graviola asks of a processor, and whether this one has it.
#[cfg(target_arch = "aarch64")]
fn needed() -> [(&'static str, bool); 4] {
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
    fn a_processor_that_cannot_is_told_in_words() {
        assert_eq!(
            Unsupported::Processor("avx2, adx".to_owned()).to_string(),
            "TLS needs a processor with the instructions avx2, adx, which this one has not: listen \
             on `http` or `unix`, behind a proxy that speaks TLS"
        );
    }
}
