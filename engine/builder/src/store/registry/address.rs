use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use oci_spec::image::Digest;

use crate::image::{DOCKER_HUB, ImageName, ImageNameError};

/// Where Docker Hub's API answers.
const DOCKER_HUB_API: &str = "registry-1.docker.io";

/// A repository in a registry, as in `registry.example.com/policies`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repository {
    /// Its host, with a port where it has one of its own.
    pub(crate) registry: String,
    pub(crate) path: String,
}

impl Repository {
    pub(crate) fn of(name: &ImageName) -> Self {
        Self { registry: name.registry().to_owned(), path: name.path() }
    }

    /// The host, and the port, at which the registry's API answers.
    pub(super) fn authority(&self) -> &str {
        if self.registry == DOCKER_HUB { DOCKER_HUB_API } else { &self.registry }
    }

    /// Whether the registry is on this very machine, where nobody listens in.
    pub(super) fn is_loopback(&self) -> bool {
        let host = match self.registry.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => host,
            _ => &self.registry,
        };
        is_loopback(host)
    }
}

/// Whether a host, without a port, is this very machine: `localhost`, `127.0.0.0/8` or `[::1]`. It
/// is a name otherwise, whatever it begins with.
pub(super) fn is_loopback(host: &str) -> bool {
    let ipv6 = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    match ipv6 {
        Some(address) => address.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback()),
        None => {
            host.eq_ignore_ascii_case("localhost")
                || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        }
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.path)
    }
}

/// An image in a registry: `registry.example.com/policies:v1`, or `…@sha256:…`, or both, of which
/// the digest counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) repository: Repository,
    pub(crate) selected: Selected,
}

/// Which image of a repository is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Selected {
    Tag(String),
    Digest(Digest),
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (text, None),
        };
        let name: ImageName = name.parse()?;
        let selected = match digest {
            Some(digest) => Selected::Digest(sha256(digest).ok_or_else(|| {
                ReferenceError::Digest { reference: text.to_owned(), digest: digest.to_owned() }
            })?),
            None => Selected::Tag(name.tag().to_owned()),
        };
        Ok(Self { repository: Repository::of(&name), selected })
    }
}

/// A SHA-256 digest: the only algorithm that registries have to know, and that is compared here.
fn sha256(text: &str) -> Option<Digest> {
    text.strip_prefix("sha256:")?;
    Digest::from_str(text).ok()
}

impl fmt::Display for Selected {
    /// As the API's addresses have it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => f.write_str(tag),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

/// Why a text names no image in a registry.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReferenceError {
    #[error(transparent)]
    Name(#[from] ImageNameError),
    #[error(
        "read the reference `{reference}`: found the digest `{digest}`, expected `sha256:` and 64 \
         hexadecimal digits"
    )]
    Digest { reference: String, digest: String },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_outranks_a_tag() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let read: Reference = format!("r.io:5000/a/b:v1@{digest}").parse().unwrap();
        assert_eq!(read.repository.to_string(), "r.io:5000/a/b");
        assert_eq!(read.selected.to_string(), digest);
        let read: Reference = "engine".parse().unwrap();
        assert_eq!(read.repository.to_string(), "docker.io/library/engine");
        assert_eq!(read.repository.authority(), "registry-1.docker.io");
        assert_eq!(read.selected, Selected::Tag("latest".to_owned()));
    }

    #[test]
    fn what_is_no_digest_is_quoted() {
        assert_eq!(
            "r.io/a@sha256:12".parse::<Reference>().unwrap_err().to_string(),
            "read the reference `r.io/a@sha256:12`: found the digest `sha256:12`, expected \
             `sha256:` and 64 hexadecimal digits"
        );
        assert!(format!("r.io/a@md5:{}", "a".repeat(32)).parse::<Reference>().is_err());
    }

    #[test]
    fn only_this_machine_is_loopback() {
        let is_loopback = |registry: &str| {
            Repository { registry: registry.to_owned(), path: "a".to_owned() }.is_loopback()
        };
        for registry in ["localhost", "localhost:5000", "127.0.0.1", "127.1.2.3:80", "[::1]:5000"] {
            assert!(is_loopback(registry), "{registry}");
        }
        for registry in ["localhost.example.com", "127.0.0.1.example.com:80", "[::2]", "10.0.0.1"] {
            assert!(!is_loopback(registry), "{registry}");
        }
    }
}
