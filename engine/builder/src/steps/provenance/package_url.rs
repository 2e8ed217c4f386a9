use std::fmt::Write;

use super::materials::Material;
use policy_cargo::lockfile::{CRATES_IO, without_secret};

/// The package URL of a crate (<https://github.com/package-url/purl-spec>): its type is `cargo`, and
/// qualifiers say where it comes from when that is not crates.io.
pub(crate) fn package_url(material: &Material) -> String {
    let mut url = format!("pkg:cargo/{}@{}", material.id.name, encoded(&material.id.version));
    // Images are pushed with it: a token of whoever built one is not to go along.
    let source = material.source().map(without_secret);
    let qualifier = match (source.as_deref(), &material.place) {
        (Some(CRATES_IO), _) | (None, None) => return url,
        (Some(source), _) => match source.split_once('+') {
            Some(("git", repository)) => {
                // The revision that is locked, and not what was asked for.
                let (address, revision) = repository.split_once('#').unwrap_or((repository, ""));
                let address = address.split_once('?').map_or(address, |(address, _)| address);
                ("vcs_url", format!("git+{address}@{revision}"))
            }
            Some((_, registry)) => ("repository_url", registry.to_owned()),
            None => ("repository_url", source.to_owned()),
        },
        (None, Some(place)) => ("download_url", format!("file:{}", place.folder)),
    };
    let _ = write!(url, "?{}={}", qualifier.0, encoded(&qualifier.1));
    url
}

/// Percent-encoded but for what a package URL may hold as it is.
pub(super) fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::super::materials::tests::{local, remote};
    use super::*;

    #[test]
    fn package_url_contains_the_source() {
        let of = |source: &str| package_url(&remote("x", "1.0.0+b", source, None));
        assert_eq!(of(CRATES_IO), "pkg:cargo/x@1.0.0%2Bb");
        assert_eq!(
            of("git+https://example.com/x.git?branch=next#c0ffee"),
            "pkg:cargo/x@1.0.0%2Bb?vcs_url=git%2Bhttps:%2F%2Fexample.com%2Fx.git%40c0ffee"
        );
        assert_eq!(
            of("git+https://user:TOKEN@example.com/x.git#c0ffee"),
            "pkg:cargo/x@1.0.0%2Bb?vcs_url=git%2Bhttps:%2F%2Fexample.com%2Fx.git%40c0ffee"
        );
        assert_eq!(
            of("sparse+https://crates.example.com/"),
            "pkg:cargo/x@1.0.0%2Bb?repository_url=https:%2F%2Fcrates.example.com%2F"
        );
        assert_eq!(
            package_url(&local("geo", "1.0.0", "policies/geo", "1234")),
            "pkg:cargo/geo@1.0.0?download_url=file:policies%2Fgeo"
        );
    }
}
