//! Keys and bundles as others write and read them.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const KEY: &str = include_str!("golden/key.pem");
const PUBLIC: &str = include_str!("golden/key.pub");
/// `openssl pkcs8 -topk8`, with PBKDF2 and AES-256.
const ENCRYPTED: &str = include_str!("golden/encrypted.pem");
/// The same with scrypt.
const SCRYPT: &str = include_str!("golden/scrypt.pem");
const BUNDLE_FILE: &str = include_str!("golden/bundle.json");
const DIGEST: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
/// `openssl pkey -pubin -in key.pub -outform DER | sha256sum`.
const FINGERPRINT: &str = "sha256:a0f44abfdc3fe7c4474a99f1af3690cd5a89377769e8ff95bd5a0584a959eace";

fn key() -> PrivateKey {
    PrivateKey::from_pem(KEY, None).unwrap()
}

fn bundle() -> Bundle {
    Bundle::sign(&Statement::of_image(DIGEST).unwrap(), &key())
}

fn json_of(bundle: &Bundle) -> Value {
    serde_json::from_slice(&bundle.to_json().unwrap()).unwrap()
}

fn parsed(document: &Value) -> Result<Bundle, String> {
    Bundle::parse(document.to_string().as_bytes()).map_err(|error| error.to_string())
}

#[test]
fn bundle_of_a_fixed_key_is_the_golden_file() {
    let bundle = bundle().to_json().unwrap();
    assert_eq!(String::from_utf8(bundle).unwrap(), BUNDLE_FILE.trim_end());
}

#[test]
fn key_is_the_same_however_it_is_encrypted() {
    assert_eq!(key().public_key().fingerprint().to_string(), FINGERPRINT);
    let public = PublicKey::from_pem(PUBLIC).unwrap();
    assert_eq!(key().public_key(), public);
    for encrypted in [ENCRYPTED, SCRYPT] {
        let key = PrivateKey::from_pem(encrypted, Some(b"correct")).unwrap();
        assert_eq!(key.public_key(), public);
        let refused = |passphrase: Option<&[u8]>| {
            PrivateKey::from_pem(encrypted, passphrase).unwrap_err().to_string()
        };
        assert_eq!(refused(None), "it is encrypted, and no passphrase was given");
        assert_eq!(
            refused(Some(b"wrong")),
            "it is encrypted with another passphrase, or is damaged"
        );
    }
}

#[test]
fn debug_output_of_a_key_tells_its_fingerprint_alone() {
    assert_eq!(
        format!("{:?}", key()),
        format!("PrivateKey({:?})", key().public_key().fingerprint())
    );
}

#[test]
fn text_before_the_key_is_passed_over() {
    let text = format!(
        "a note\n-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{KEY}"
    );
    assert_eq!(PrivateKey::from_pem(&text, None).unwrap().public_key(), key().public_key());
}

/// PEM of other keys, by `openssl genpkey` and `cosign generate-key-pair`.
#[test]
fn other_keys_are_told_by_what_they_are() {
    let private = |text: &str| PrivateKey::from_pem(text, None).unwrap_err().to_string();
    let public = |text: &str| PublicKey::from_pem(text).unwrap_err().to_string();
    let pem = |label: &str, base64: &str| {
        format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n")
    };
    let on_p256 = "expected an ECDSA key on the curve P-256\nhelp: make one with `openssl genpkey \
                   -algorithm EC -pkeyopt ec_paramgen_curve:P-256`";
    let ed25519 = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";
    assert_eq!(public(&pem("PUBLIC KEY", ed25519)), format!("it is an Ed25519 key, {on_p256}"));
    let ed25519 = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";
    assert_eq!(private(&pem("PRIVATE KEY", ed25519)), format!("it is an Ed25519 key, {on_p256}"));
    assert_eq!(
        public(include_str!("golden/p384.pub")),
        format!("it is an ECDSA key on the curve P-384, {on_p256}")
    );
    assert_eq!(
        public(KEY),
        "it is a private key, expected a public one\nhelp: write the public key with `openssl pkey \
         -in KEY -pubout`"
    );
    assert_eq!(private(PUBLIC), "it is a public key, expected the private one");
    assert_eq!(
        private(&pem("ENCRYPTED SIGSTORE PRIVATE KEY", "eyJrZGYiOnt9fQ==")),
        "it is encrypted in the format of `cosign` itself, expected PKCS#8\nhelp: sign with `cosign \
         sign --key`, or make a key that both read: `openssl genpkey -algorithm EC -pkeyopt \
         ec_paramgen_curve:P-256 -aes-256-cbc -out key.pem`, and for cosign `cosign \
         import-key-pair --key key.pem`"
    );
    assert_eq!(
        private(&pem("EC PRIVATE KEY", "AAAA")),
        "it is in OpenSSL's older form (`EC PRIVATE KEY`), expected PKCS#8\nhelp: convert it with \
         `openssl pkcs8 -topk8 -in KEY -out key.pem`, which asks for a passphrase"
    );
    assert_eq!(
        public(&pem("CERTIFICATE", "AAAA")),
        "it is a certificate, expected a public key\nhelp: write the key of the certificate with \
         `openssl x509 -in CERTIFICATE -noout -pubkey`"
    );
    assert_eq!(
        private(&pem("OPENSSH PRIVATE KEY", "AAAA")),
        "it holds `OPENSSH PRIVATE KEY`, expected a private key in PKCS#8 (`PRIVATE KEY` or \
         `ENCRYPTED PRIVATE KEY`)"
    );
    assert_eq!(
        public("\u{30}\u{82}"),
        "it holds no PEM (`-----BEGIN …`); expected a public key (`PUBLIC KEY`)\nhelp: convert a key \
         in DER with `openssl pkey -inform DER`"
    );
    assert_eq!(
        private(&pem("PRIVATE KEY", "!")),
        "its PEM `PRIVATE KEY` cannot be read: PEM error: PEM Base64 error: invalid Base64 encoding"
    );
}

#[test]
fn statement_is_given_only_for_its_key_and_its_bytes() {
    let bundle = bundle();
    assert!(bundle.verify(&key().public_key()).unwrap().names(DIGEST));

    let other = PublicKey::from_pem(include_str!("golden/other.pub")).unwrap();
    let error = bundle.verify(&other).unwrap_err().to_string();
    assert_eq!(
        error,
        format!("it is signed by the key {FINGERPRINT}, expected the key {}", other.fingerprint())
    );

    let mut changed = json_of(&bundle);
    changed["dsseEnvelope"]["payload"] = json_of(&Bundle::sign(
        &Statement::of_image(&DIGEST.replace('b', "0")).unwrap(),
        &key(),
    ))["dsseEnvelope"]["payload"]
        .take();
    let error = parsed(&changed).unwrap().verify(&key().public_key()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "it names the key {FINGERPRINT}, and its signature is not of that key: the statement or \
             the signature was changed"
        )
    );
}

#[test]
fn bundle_with_another_hint_is_verified_by_its_signature() {
    let mut document = json_of(&bundle());
    document["verificationMaterial"]["publicKey"]["hint"] = "ours\u{1b}".into();
    let bundle = parsed(&document).unwrap();
    assert!(bundle.verify(&key().public_key()).is_ok());
    document["dsseEnvelope"]["signatures"][0]["sig"] = "AAAA".into();
    let error = parsed(&document).unwrap().verify(&key().public_key()).unwrap_err();
    let said = error.to_string();
    assert!(
        said.starts_with("it is signed by a key called `ours\\u{1b}`, expected the key "),
        "{said}"
    );
}

#[test]
fn keyless_bundle_is_left_to_cosign() {
    let mut document = json_of(&bundle());
    document["verificationMaterial"] =
        json!({"certificate": {"rawBytes": "MIIC"}, "tlogEntries": [{"logIndex": "1"}]});
    let bundle = parsed(&document).unwrap();
    assert_eq!(*bundle.signer(), Signer::Certificate);
    assert_eq!(
        bundle.verify(&key().public_key()).unwrap_err().to_string(),
        "it is signed with a certificate, without a key, and certificates are not checked here: \
         use `cosign verify`"
    );
}

#[test]
fn bundle_of_another_form_is_refused_with_a_reason() {
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut document = json_of(&bundle());
        change(&mut document);
        parsed(&document).unwrap_err()
    };
    let payload = |statement: Value| {
        move |document: &mut Value| {
            use base64::Engine as _;
            document["dsseEnvelope"]["payload"] =
                base64::prelude::BASE64_STANDARD.encode(statement.to_string()).into();
        }
    };
    let version = "application/vnd.dev.sigstore.bundle.v0.4+json";
    assert_eq!(
        refused(&|bundle| *bundle = json!({"mediaType": version})),
        format!("it has the media type `{version}`, expected `{BUNDLE}`")
    );
    assert_eq!(
        refused(&|bundle| bundle["verificationMaterial"] = json!({})),
        "it names neither a key nor a certificate"
    );
    assert_eq!(
        refused(&|bundle| {
            bundle.as_object_mut().unwrap().remove("dsseEnvelope");
            bundle["messageSignature"] = json!({"signature": "AAAA"});
        }),
        "it holds no DSSE envelope"
    );
    assert_eq!(
        refused(&|bundle| bundle["dsseEnvelope"]["payloadType"] = "text/plain".into()),
        "its envelope holds `text/plain`, expected `application/vnd.in-toto+json`"
    );
    assert_eq!(
        refused(&|bundle| bundle["dsseEnvelope"]["signatures"] = json!([])),
        "it has 0 signatures, expected one"
    );
    assert_eq!(
        refused(&|bundle| bundle["dsseEnvelope"]["payload"] = "*".into()),
        "its `payload` is no Base64: Invalid symbol 42, offset 0."
    );
    assert_eq!(
        refused(&payload(json!({"_type": "x", "subject": [], "predicateType": ""}))),
        "its statement cannot be read: it has the type `x`, expected \
         `https://in-toto.io/Statement/v1`"
    );
    let said = refused(&payload(json!([])));
    assert!(said.starts_with("its statement cannot be read: it is not the JSON"), "{said}");
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let error = Bundle::parse(nested.as_bytes()).unwrap_err().to_string();
    assert!(error.starts_with("it is not the JSON document that it should be: "), "{error}");
}

#[test]
fn document_is_in_the_statement_byte_by_byte() {
    let document = br#"{"b": 1.50, "a": [1e2, 18446744073709551617]}"#;
    let statement = Statement::of_document(DIGEST, "https://example.com/p", document).unwrap();
    let signed = Bundle::sign(&statement, &key()).to_json().unwrap();
    let read = Bundle::parse(&signed).unwrap();
    let read = read.verify(&key().public_key()).unwrap();
    assert_eq!(read.predicate(), document);
    assert_eq!(read.predicate_type(), "https://example.com/p");
    assert!(Statement::of_document(DIGEST, "", b"{").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn parsers_take_any_bytes_without_a_panic(bytes: Vec<u8>, text: String) {
        let _ = Bundle::parse(&bytes);
        let _ = Statement::parse(&bytes);
        let _ = PublicKey::from_pem(&text);
        let _ = PrivateKey::from_pem(&text, Some(&bytes));
    }

    /// A byte of the key, of the bundle or of both is another one.
    #[test]
    fn changed_files_are_refused_or_say_the_same(place: prop::sample::Index, byte: u8) {
        let changed = |text: &str| {
            let mut bytes = text.as_bytes().to_vec();
            let place = place.index(bytes.len());
            bytes[place] = byte;
            bytes
        };
        if let Ok(text) = String::from_utf8(changed(PUBLIC)) {
            let _ = PublicKey::from_pem(&text);
        }
        if let Ok(text) = String::from_utf8(changed(KEY)) {
            let _ = PrivateKey::from_pem(&text, None);
        }
        if let Ok(bundle) = Bundle::parse(&changed(BUNDLE_FILE))
            && let Ok(statement) = bundle.verify(&key().public_key())
        {
            let expected = Statement::of_image(DIGEST).unwrap();
            prop_assert_eq!(statement.bytes(), expected.bytes());
        }
    }

    #[test]
    fn signed_bundle_is_read_as_it_was_written(document in r"[ -~]{0,40}") {
        let document = serde_json::to_vec(&document).unwrap();
        let statement = Statement::of_document(DIGEST, "p", &document).unwrap();
        let written = Bundle::sign(&statement, &key()).to_json().unwrap();
        let read = Bundle::parse(&written).unwrap();
        prop_assert_eq!(read.verify(&key().public_key()).unwrap().predicate(), &document[..]);
        prop_assert_eq!(read.to_json().unwrap(), written);
    }
}
