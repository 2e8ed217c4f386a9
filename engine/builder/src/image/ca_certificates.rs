use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

/// What 64 columns of base64 hold.
const LINE: usize = 48;

/// Mozilla's root certificates as PEM, in the order of the crate that brings them: its version
/// alone decides the bytes.
pub(super) fn pem() -> String {
    let mut text = String::new();
    for certificate in TLS_SERVER_ROOT_CERTS {
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        for line in certificate.chunks(LINE) {
            push_base64(&mut text, line);
            text.push('\n');
        }
        text.push_str("-----END CERTIFICATE-----\n");
    }
    text
}

/// Standard base64 with padding, for whole bytes: too little to take a crate for.
fn push_base64(text: &mut String, bytes: &[u8]) {
    for group in bytes.chunks(3) {
        let mut octets = [0; 4];
        for (octet, byte) in octets.iter_mut().skip(1).zip(group) {
            *octet = *byte;
        }
        let bits = u32::from_be_bytes(octets);
        for place in 0..4 {
            let [sextet, ..] = ((bits >> (18 - 6 * place)) & 0x3f).to_le_bytes();
            text.push(if place <= group.len() { digit(sextet) } else { '=' });
        }
    }
}

fn digit(sextet: u8) -> char {
    char::from(match sextet {
        0..26 => b'A' + sextet,
        26..52 => b'a' + sextet - 26,
        52..62 => b'0' + sextet - 52,
        62 => b'+',
        _ => b'/',
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base64(bytes: &[u8]) -> String {
        let mut text = String::new();
        push_base64(&mut text, bytes);
        text
    }

    #[test]
    fn base64_is_that_of_rfc_4648() {
        let samples =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")];
        for (bytes, text) in samples {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        // Every digit, in order.
        let all = [
            0x00, 0x10, 0x83, 0x10, 0x51, 0x87, 0x20, 0x92, 0x8b, 0x30, 0xd3, 0x8f, 0x41, 0x14,
            0x93, 0x51, 0x55, 0x97, 0x61, 0x96, 0x9b, 0x71, 0xd7, 0x9f, 0x82, 0x18, 0xa3, 0x92,
            0x59, 0xa7, 0xa2, 0x9a, 0xab, 0xb2, 0xdb, 0xaf, 0xc3, 0x1c, 0xb3, 0xd3, 0x5d, 0xb7,
            0xe3, 0x9e, 0xbb, 0xf3, 0xdf, 0xbf,
        ];
        assert_eq!(
            base64(&all),
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        );
    }

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
