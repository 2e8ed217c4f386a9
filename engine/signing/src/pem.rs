//! What a PEM text holds, and of which algorithm a key is.

use pkcs8::der::asn1::ObjectIdentifier;
use pkcs8::spki::AlgorithmIdentifierRef;

use crate::KeyError;

const BEGIN: &str = "-----BEGIN ";
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
/// Other algorithms that keys are of, to tell them by name.
const ALGORITHMS: [(&str, &str); 5] = [
    ("1.2.840.113549.1.1.1", "an RSA key"),
    ("1.3.101.112", "an Ed25519 key"),
    ("1.3.101.113", "an Ed448 key"),
    ("1.3.101.110", "an X25519 key"),
    ("1.2.840.10040.4.1", "a DSA key"),
];
const CURVES: [(&str, &str); 4] = [
    ("1.3.132.0.34", "P-384"),
    ("1.3.132.0.35", "P-521"),
    ("1.3.132.0.33", "P-224"),
    ("1.3.132.0.10", "secp256k1"),
];

/// The label and the text from the first PEM that is no mere parameters.
pub(crate) fn first(text: &str) -> Option<(&str, &str)> {
    let mut rest = text;
    loop {
        let (_, found) = rest.split_once(BEGIN)?;
        let (label, _) = found.split_once("-----")?;
        if label != "EC PARAMETERS" {
            // From the line's beginning, which is as long as the label's.
            let start = text.len() - found.len() - BEGIN.len();
            return Some((label, text.get(start..)?));
        }
        rest = found;
    }
}

/// Checks that an algorithm is ECDSA on P-256.
pub(crate) fn check_algorithm(algorithm: &AlgorithmIdentifierRef<'_>) -> Result<(), KeyError> {
    let named = |known: &[(&'static str, &'static str)], oid: &ObjectIdentifier| {
        let oid = oid.to_string();
        known.iter().find(|(known, _)| *known == oid).map(|(_, name)| *name)
    };
    if algorithm.oid != EC {
        let known = named(&ALGORITHMS, &algorithm.oid).map(str::to_owned);
        let found = known.unwrap_or_else(|| format!("a key of the algorithm {}", algorithm.oid));
        return Err(KeyError::Algorithm { found });
    }
    match algorithm.parameters_oid() {
        Ok(P256) => Ok(()),
        Ok(curve) => {
            let known = named(&CURVES, &curve).map(str::to_owned);
            let name = known.unwrap_or_else(|| curve.to_string());
            Err(KeyError::Algorithm { found: format!("an ECDSA key on the curve {name}") })
        }
        Err(_) => Err(KeyError::Algorithm { found: "an ECDSA key on no named curve".to_owned() }),
    }
}
