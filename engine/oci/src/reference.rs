//! References to images, as people write them.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use oci_spec::image::Digest;

/// Docker Hub, as people write it. Its API and its credentials have other names.
pub(crate) const DOCKER_HUB: &str = "docker.io";
/// The host of Docker Hub's API.
const DOCKER_HUB_API: &str = "registry-1.docker.io";
const MAX_REPOSITORY: usize = 255;
const MAX_TAG: usize = 128;

/// A reference to an image: `registry.example.com/policies:v1`, or `…@sha256:…`, or both.
///
/// Without a registry it is one of Docker Hub, and without a tag it is `latest`, as with Docker. A
/// digest outranks the tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    registry: Option<String>,
    path: String,
    tag: String,
    digest: Option<Digest>,
}

impl Reference {
    /// Parses the name of an image that is yet to be made: a reference without a digest.
    ///
    /// # Errors
    /// When the text is no such name.
    pub fn parse_name(text: &str) -> Result<Self, ReferenceError> {
        if text.contains('@') {
            return Err(ReferenceError {
                text: text.to_owned(),
                problem: ReferenceProblem::Digest,
            });
        }
        text.parse()
    }

    /// The tag: `latest` where none was given.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The reference without tag and digest, as short as it was written.
    #[must_use]
    pub fn short_name(&self) -> String {
        let registry = self.registry.iter().map(|registry| format!("{registry}/"));
        registry.chain([self.path.clone()]).collect()
    }

    /// The full name with the tag: `docker.io/library/engine:latest` for `engine`.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}:{}", self.repository(), self.tag)
    }

    /// The repository, with the registry and the `library/` of Docker Hub's short names.
    #[must_use]
    pub fn repository(&self) -> Repository {
        let registry = self.registry.as_deref().unwrap_or(DOCKER_HUB);
        let is_official = registry == DOCKER_HUB && !self.path.contains('/');
        let library = if is_official { "library/" } else { "" };
        Repository { registry: registry.to_owned(), path: format!("{library}{}", self.path) }
    }

    /// The digest or the tag, by which registries find the manifest.
    pub(crate) fn selector(&self) -> Selector {
        match &self.digest {
            Some(digest) => Selector::Digest(digest.clone()),
            None => Selector::Tag(self.tag.clone()),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(registry) = &self.registry {
            write!(f, "{registry}/")?;
        }
        write!(f, "{}:{}", self.path, self.tag)?;
        self.digest.as_ref().map_or(Ok(()), |digest| write!(f, "@{digest}"))
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    /// Parses a reference as the OCI distribution project defines it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).map_err(|problem| ReferenceError { text: text.to_owned(), problem })
    }
}

fn parse(text: &str) -> Result<Reference, ReferenceProblem> {
    let (name, digest) = match text.split_once('@') {
        Some((name, digest)) => {
            (name, Some(parse_digest(digest).ok_or(ReferenceProblem::NoDigest(digest.to_owned()))?))
        }
        None => (text, None),
    };
    let (repository, tag) = match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, tag),
        _ => (name, "latest"),
    };
    let (registry, path) = match repository.split_once('/') {
        Some((first, rest)) if names_a_registry(first) => (Some(first), rest),
        _ => (None, repository),
    };
    if let Some(registry) = registry.filter(|registry| !is_registry(registry)) {
        return Err(ReferenceProblem::Registry(registry.to_owned()));
    }
    if let Some(component) = path.split('/').find(|component| !is_component(component)) {
        return Err(ReferenceProblem::Component(component.to_owned()));
    }
    if repository.len() > MAX_REPOSITORY {
        return Err(ReferenceProblem::Long(repository.len()));
    }
    if !is_tag(tag) {
        return Err(ReferenceProblem::Tag(tag.to_owned()));
    }
    Ok(Reference {
        registry: registry.map(str::to_owned),
        path: path.to_owned(),
        tag: tag.to_owned(),
        digest,
    })
}

/// Returns whether the first part of a name can only be a registry.
fn names_a_registry(first: &str) -> bool {
    first == "localhost" || first.contains(['.', ':'])
}

fn is_registry(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let ipv6 = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    port.is_none_or(is_port)
        && ipv6.map_or_else(
            || host.split('.').all(is_host_label),
            |address| address.parse::<Ipv6Addr>().is_ok(),
        )
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

fn is_host_label(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Lowercase words, with `.`, `_`, `__` or any number of dashes between two of them.
fn is_component(text: &str) -> bool {
    let is_word = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit();
    let is_separator =
        |text: &str| matches!(text, "" | "." | "_" | "__") || text.bytes().all(|byte| byte == b'-');
    text.starts_with(is_word) && text.ends_with(is_word) && text.split(is_word).all(is_separator)
}

fn is_tag(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.len() <= MAX_TAG
        && text.bytes().next().is_some_and(is_word)
        && text.bytes().all(|byte| is_word(byte) || matches!(byte, b'.' | b'-'))
}

/// Parses a SHA-256 digest, the only algorithm that every registry knows.
fn parse_digest(text: &str) -> Option<Digest> {
    text.strip_prefix("sha256:")?;
    Digest::from_str(text).ok()
}

/// A repository in a registry, as in `registry.example.com/policies`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    registry: String,
    path: String,
}

impl Repository {
    /// The registry's host, with the port where the repository names one.
    #[must_use]
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The repository within its registry.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The host, with its port, of the registry's API.
    pub(crate) fn authority(&self) -> &str {
        if self.registry == DOCKER_HUB { DOCKER_HUB_API } else { &self.registry }
    }

    /// Returns whether the registry is on this machine, where nobody listens in.
    pub(crate) fn is_loopback(&self) -> bool {
        let host = match self.registry.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => host,
            _ => &self.registry,
        };
        is_loopback(host)
    }
}

/// Returns whether a host without a port is this machine: `localhost`, `127.0.0.0/8` or `[::1]`. Names
/// such as `127.0.0.1.example.com` are not.
pub(crate) fn is_loopback(host: &str) -> bool {
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

/// The digest or the tag by which a manifest is found in a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Selector {
    Tag(String),
    Digest(Digest),
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => f.write_str(tag),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

/// A text that is no reference to an image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("failed to parse the image name `{text}`: {problem}")]
pub struct ReferenceError {
    text: String,
    problem: ReferenceProblem,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum ReferenceProblem {
    #[error(
        "found a digest, expected a name and a tag such as `policy-engine:latest`\nhelp: leave out \
         the `@` and the digest, which the contents determine"
    )]
    Digest,
    #[error("found the digest `{0}`, expected `sha256:` and 64 hexadecimal digits")]
    NoDigest(String),
    #[error(
        "found the registry `{0}`, expected a host with an optional port, such as \
         `registry.example.com:5000`"
    )]
    Registry(String),
    #[error(
        "found `{0}`, expected lowercase letters and digits with `.`, `_`, `__` or dashes between \
         them, such as `policy-engine`"
    )]
    Component(String),
    #[error("found {0} characters before the tag, expected at most {MAX_REPOSITORY}")]
    Long(usize),
    #[error(
        "found the tag `{0}`, expected 1 to {MAX_TAG} letters, digits, `_`, `.` or `-`, the \
         first not `.` or `-`, such as `latest`"
    )]
    Tag(String),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_completed_as_docker_does() {
        let samples = [
            ("engine", "engine:latest", "docker.io/library/engine:latest"),
            ("team/engine:v1", "team/engine:v1", "docker.io/team/engine:v1"),
            ("docker.io/engine", "docker.io/engine:latest", "docker.io/library/engine:latest"),
            ("localhost/engine", "localhost/engine:latest", "localhost/engine:latest"),
            ("localhost:5000", "localhost:5000", "docker.io/library/localhost:5000"),
            (
                "r.io:5000/a/b__c.d--e_f",
                "r.io:5000/a/b__c.d--e_f:latest",
                "r.io:5000/a/b__c.d--e_f:latest",
            ),
            ("[::1]:5000/engine:V_1.2-3", "[::1]:5000/engine:V_1.2-3", "[::1]:5000/engine:V_1.2-3"),
        ];
        for (text, name, full) in samples {
            let parsed: Reference = text.parse().unwrap();
            assert_eq!((parsed.to_string().as_str(), parsed.full_name().as_str()), (name, full));
        }
    }

    fn message(name: &str) -> String {
        Reference::parse_name(name).unwrap_err().to_string()
    }

    #[test]
    fn invalid_part_is_quoted_with_the_expected_form() {
        assert_eq!(
            message("Team/engine"),
            "failed to parse the image name `Team/engine`: found `Team`, expected lowercase \
             letters and digits with `.`, `_`, `__` or dashes between them, such as \
             `policy-engine`"
        );
        assert_eq!(
            message("engine:-1"),
            "failed to parse the image name `engine:-1`: found the tag `-1`, expected 1 to 128 \
             letters, digits, `_`, `.` or `-`, the first not `.` or `-`, such as `latest`"
        );
        assert_eq!(
            message("r.io:http/engine"),
            "failed to parse the image name `r.io:http/engine`: found the registry `r.io:http`, \
             expected a host with an optional port, such as `registry.example.com:5000`"
        );
        assert_eq!(
            message("engine@sha256:0"),
            "failed to parse the image name `engine@sha256:0`: found a digest, expected a name \
             and a tag such as `policy-engine:latest`\nhelp: leave out the `@` and the digest, \
             which the contents determine"
        );
        let long = "a".repeat(256);
        assert_eq!(
            message(&long),
            format!(
                "failed to parse the image name `{long}`: found 256 characters before the tag, \
                 expected at most 255"
            )
        );
    }

    #[test]
    fn invalid_name_is_refused() {
        let names = [
            "",
            ":",
            ":v1",
            "/",
            "/a",
            "a/",
            "a//b",
            "a b",
            "a\n",
            "é",
            "-a",
            "a-",
            ".a",
            "a..b",
            "a___b",
            "a._b",
            "a-_b",
            "a:",
            "a:é",
            "a:b:c",
            "https://r.io/a",
            "r.io:/a",
            "r.io:65536/a",
            "r.io:+1/a",
            "-r.io/a",
            ".io/a",
            "r..io/a",
            "[::1/a",
            "[::g]/a",
        ];
        for name in names {
            assert!(name.parse::<Reference>().is_err(), "{name:?} was taken");
        }
        assert!(format!("a:{}", "t".repeat(129)).parse::<Reference>().is_err());
        assert!(format!("a:{}", "t".repeat(128)).parse::<Reference>().is_ok());
        assert!("a".repeat(255).parse::<Reference>().is_ok());
    }

    #[test]
    fn digest_outranks_a_tag() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let read: Reference = format!("r.io:5000/a/b:v1@{digest}").parse().unwrap();
        assert_eq!(read.repository().to_string(), "r.io:5000/a/b");
        assert_eq!(read.selector().to_string(), digest);
        let read: Reference = "engine".parse().unwrap();
        assert_eq!(read.repository().to_string(), "docker.io/library/engine");
        assert_eq!(read.repository().authority(), "registry-1.docker.io");
        assert_eq!(read.selector(), Selector::Tag("latest".to_owned()));
    }

    #[test]
    fn invalid_digest_is_quoted() {
        assert_eq!(
            "r.io/a@sha256:12".parse::<Reference>().unwrap_err().to_string(),
            "failed to parse the image name `r.io/a@sha256:12`: found the digest `sha256:12`, \
             expected `sha256:` and 64 hexadecimal digits"
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

    proptest! {
        #[test]
        fn grammatical_name_round_trips(
            name in "([a-z0-9]-?[a-z0-9]\\.io(:[0-9]{1,4})?/)?\
                     [a-z0-9]{1,5}((__?|-{1,3})[a-z0-9]{1,3}){0,2}(/[a-z0-9]{1,3}(\\.[a-z0-9]{1,3})?){0,2}\
                     :[A-Za-z0-9_][A-Za-z0-9._-]{0,9}"
        ) {
            prop_assert_eq!(name.parse::<Reference>().unwrap().to_string(), name);
        }

        #[test]
        fn parsed_reference_parses_the_same_again(name in "[a-zA-Z0-9._:/@\\[\\]-]{0,12}|.{0,8}") {
            if let Ok(parsed) = name.parse::<Reference>() {
                prop_assert_eq!(&parsed.to_string().parse::<Reference>().unwrap(), &parsed);
                prop_assert_eq!(parsed.full_name().parse::<Reference>().unwrap().full_name(), parsed.full_name());
            }
        }
    }
}
