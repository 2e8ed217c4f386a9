//! Certificates for tests, signed by Graviola, as rcgen's own signers need a C compiler.

use base64::Engine;
use graviola::hashing::Sha256;
use graviola::signing::ecdsa::{self, P256};
use rcgen::{
    BasicConstraints, CertificateParams, IsCa, Issuer, PublicKeyData, SerialNumber,
    SignatureAlgorithm, SigningKey,
};
use rustls::pki_types::CertificateDer;

/// A key on P-256.
struct TestKey {
    private: ecdsa::SigningKey<P256>,
    public: Vec<u8>,
}

impl TestKey {
    fn generate() -> Self {
        let private = ecdsa::SigningKey::<P256>::generate().unwrap();
        let public = private.private_key.public_key_uncompressed().to_vec();
        Self { private, public }
    }
}

impl PublicKeyData for TestKey {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

impl SigningKey for TestKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let mut buffer = [0; 128];
        Ok(self.private.sign_asn1::<Sha256>(&[message], &mut buffer).unwrap().to_vec())
    }
}

/// The authority that signs certificates.
pub(crate) struct Authority {
    issuer: Issuer<'static, TestKey>,
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) pem: String,
}

/// A certificate for `localhost`, of a server or a client.
pub(crate) struct Issued {
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) pem: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = params("authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = TestKey::generate();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        let pem = pem("CERTIFICATE", &certificate);
        Self { issuer: Issuer::new(params, key), certificate, pem }
    }

    pub(crate) fn issue(&self) -> Issued {
        self.issue_with(|_| {})
    }

    /// One that differs from others in this.
    pub(crate) fn issue_with(&self, differ: impl FnOnce(&mut CertificateParams)) -> Issued {
        let key = TestKey::generate();
        let mut params = params("localhost");
        differ(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let mut buffer = [0; 512];
        Issued {
            certificate: certificate.der().clone(),
            pem: pem("CERTIFICATE", certificate.der()),
            key: pem("PRIVATE KEY", key.private.to_pkcs8_der(&mut buffer).unwrap()),
        }
    }
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.serial_number = Some(SerialNumber::from(1));
    params
}

fn pem(kind: &str, der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN {kind}-----\n{text}\n-----END {kind}-----\n")
}
