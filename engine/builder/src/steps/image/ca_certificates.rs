//! The CA certificates in every image.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

/// The bytes that 64 columns of base64 hold.
const LINE: usize = 48;

/// Mozilla's root certificates as PEM. The version of the crate that has them alone decides the
/// bytes.
pub(super) fn pem() -> String {
    let mut text = String::new();
    for certificate in TLS_SERVER_ROOT_CERTS {
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        for line in certificate.chunks(LINE) {
            STANDARD.encode_string(line, &mut text);
            text.push('\n');
        }
        text.push_str("-----END CERTIFICATE-----\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_pem_of_64_columns() {
        let pem = pem();
        let begins = pem.lines().filter(|line| *line == "-----BEGIN CERTIFICATE-----").count();
        assert_eq!(begins, TLS_SERVER_ROOT_CERTS.len());
        assert!(begins > 100, "{begins} certificates");
        assert!(pem.lines().all(|line| line.len() <= 64 && !line.is_empty()));
        assert!(pem.ends_with("\n-----END CERTIFICATE-----\n"));
    }
}
