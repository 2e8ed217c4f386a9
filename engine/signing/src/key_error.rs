/// A reason why a text is no key that can be used here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the variants are")]
pub enum KeyError {
    #[error(
        "it holds no PEM (`-----BEGIN …`); expected a {expected}\nhelp: convert a key in DER with \
         `openssl pkey -inform DER`"
    )]
    NotPem { expected: &'static str },
    #[error("its PEM `{label}` cannot be read: {reason}")]
    Malformed { label: String, reason: String },
    #[error("it holds `{label}`, expected a {expected}")]
    OtherPem { label: String, expected: &'static str },
    #[error(
        "it is a private key, expected a public one\nhelp: write the public key with `openssl pkey \
         -in KEY -pubout`"
    )]
    Private,
    #[error("it is a public key, expected the private one")]
    Public,
    #[error(
        "it is a certificate, expected a public key\nhelp: write the key of the certificate with \
         `openssl x509 -in CERTIFICATE -noout -pubkey`"
    )]
    Certificate,
    #[error(
        "it is encrypted in the format of `cosign` itself, expected PKCS#8\nhelp: sign with `cosign \
         sign --key`, or make a key that both read: `openssl genpkey -algorithm EC -pkeyopt \
         ec_paramgen_curve:P-256 -aes-256-cbc -out key.pem`, and for cosign `cosign \
         import-key-pair --key key.pem`"
    )]
    Cosign,
    #[error(
        "it is in OpenSSL's older form (`{0}`), expected PKCS#8\nhelp: convert it with `openssl \
         pkcs8 -topk8 -in KEY -out key.pem`, which asks for a passphrase"
    )]
    Traditional(String),
    #[error(
        "it is {found}, expected an ECDSA key on the curve P-256\nhelp: make one with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`"
    )]
    Algorithm { found: String },
    #[error("it is encrypted, and no passphrase was given")]
    Encrypted,
    #[error("it is encrypted with another passphrase, or is damaged")]
    Passphrase,
    #[error(
        "it is encrypted in a way that is not supported: {0}; expected PBES2 with AES, as `openssl pkcs8 -topk8` writes it"
    )]
    Encryption(String),
    #[error("it is no valid key: {0}")]
    Invalid(String),
}
