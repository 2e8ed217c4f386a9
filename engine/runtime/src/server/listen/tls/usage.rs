//! The usages of a certificate's key (RFC 5280, 4.2.1.3 and 4.2.1.12).
//!
//! Rustls leaves them to clients, many of which refuse a server whose certificate is for another
//! usage. It has parsed the certificate before, so malformed DER is ignored here.

const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
/// `extensions [3]` of a certificate.
const EXTENSIONS: u8 = 0xa3;

const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
/// `digitalSignature`, of the first byte of the key's usage.
const SIGNS: u8 = 0x80;
const SERVER_AUTHENTICATION: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
const ANY: &[u8] = &[0x55, 0x1d, 0x25, 0x00];

/// The error of a certificate that servers cannot use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unfit {
    #[error("its key usage lacks `digitalSignature`")]
    KeyUsage,
    #[error("its extended key usage lacks `serverAuth`")]
    ExtendedKeyUsage,
}

/// Checks that a server may show this certificate, in DER.
///
/// # Errors
/// When a usage that servers need is missing.
pub(super) fn check(certificate: &[u8]) -> Result<(), Unfit> {
    for (identifier, value) in extensions(certificate).unwrap_or_default() {
        if identifier == KEY_USAGE
            && let Some((BIT_STRING, bits, _)) = element(value)
            // The first byte says how many bits of the last do not count.
            && bits.get(1).is_none_or(|bits| bits & SIGNS == 0)
        {
            return Err(Unfit::KeyUsage);
        }
        if identifier == EXTENDED_KEY_USAGE
            && let Some((SEQUENCE, purposes, _)) = element(value)
            && !elements(purposes)
                .any(|(_, purpose)| [SERVER_AUTHENTICATION, ANY].contains(&purpose))
        {
            return Err(Unfit::ExtendedKeyUsage);
        }
    }
    Ok(())
}

/// The identifiers and values of a certificate's extensions.
fn extensions(certificate: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let (_, certificate, _) = element(certificate)?;
    let (_, to_be_signed, _) = element(certificate)?;
    let (_, extensions) = elements(to_be_signed).find(|(tag, _)| *tag == EXTENSIONS)?;
    let (_, extensions, _) = element(extensions)?;
    let identified = elements(extensions).filter_map(|(_, extension)| {
        let mut parts = elements(extension);
        let (_, identifier) = parts.next().filter(|(tag, _)| *tag == OBJECT_IDENTIFIER)?;
        // Whether it is critical may stand between.
        let (_, value) = parts.find(|(tag, _)| *tag == OCTET_STRING)?;
        Some((identifier, value))
    });
    Some(identified.collect())
}

fn elements(mut bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (tag, content, rest) = element(bytes)?;
        bytes = rest;
        Some((tag, content))
    })
}

/// The first element's tag and content, and what follows it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, length], rest) = bytes.split_first_chunk()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        // Of more than four bytes are no lengths here.
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(length - 0x80))?;
            let length = digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit));
            (length, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}
