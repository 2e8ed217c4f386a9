use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

/// As people write it; its API and its credentials have other names.
pub(crate) const DOCKER_HUB: &str = "docker.io";
const LONGEST_REPOSITORY: usize = 255;
const LONGEST_TAG: usize = 128;

/// An image's name: a repository, with its registry where it has one, and a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ImageName {
    registry: Option<String>,
    path: String,
    tag: String,
}

impl ImageName {
    /// The tag: `latest` where none was given.
    pub(crate) fn tag(&self) -> &str {
        &self.tag
    }

    /// The name without its tag.
    pub(crate) fn repository(&self) -> String {
        let registry = self.registry.iter().map(|registry| format!("{registry}/"));
        registry.chain([self.path.clone()]).collect()
    }

    /// The registry: Docker Hub, as with Docker, where the name has none.
    pub(crate) fn registry(&self) -> &str {
        self.registry.as_deref().unwrap_or(DOCKER_HUB)
    }

    /// The repository within its registry, with the `library/` of Docker Hub's short names.
    pub(crate) fn path(&self) -> String {
        let on_hub = self.registry() == DOCKER_HUB;
        let library = if on_hub && !self.path.contains('/') { "library/" } else { "" };
        format!("{library}{}", self.path)
    }

    /// The name with what Docker takes a short one to mean: `docker.io/library/engine:latest`.
    pub(crate) fn full(&self) -> String {
        format!("{}/{}:{}", self.registry(), self.path(), self.tag)
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(registry) = &self.registry {
            write!(f, "{registry}/")?;
        }
        write!(f, "{}:{}", self.path, self.tag)
    }
}

impl FromStr for ImageName {
    type Err = ImageNameError;

    /// Parses a reference as the OCI distribution project defines it, without a digest.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        parse(name).map_err(|problem| ImageNameError { name: name.to_owned(), problem })
    }
}

fn parse(name: &str) -> Result<ImageName, Problem> {
    if name.contains('@') {
        return Err(Problem::Digest);
    }
    let (repository, tag) = match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, tag),
        _ => (name, "latest"),
    };
    let (registry, path) = match repository.split_once('/') {
        Some((first, rest)) if names_a_registry(first) => (Some(first), rest),
        _ => (None, repository),
    };
    if let Some(registry) = registry.filter(|registry| !is_registry(registry)) {
        return Err(Problem::Registry(registry.to_owned()));
    }
    if let Some(component) = path.split('/').find(|component| !is_component(component)) {
        return Err(Problem::Component(component.to_owned()));
    }
    if repository.len() > LONGEST_REPOSITORY {
        return Err(Problem::Long(repository.len()));
    }
    if !is_tag(tag) {
        return Err(Problem::Tag(tag.to_owned()));
    }
    Ok(ImageName {
        registry: registry.map(str::to_owned),
        path: path.to_owned(),
        tag: tag.to_owned(),
    })
}

/// Whether the first part of a name can only be meant as a registry.
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
    text.len() <= LONGEST_TAG
        && text.bytes().next().is_some_and(is_word)
        && text.bytes().all(|byte| is_word(byte) || matches!(byte, b'.' | b'-'))
}

/// Why a text is no name for an image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read the image name `{name}`: {problem}")]
pub(crate) struct ImageNameError {
    name: String,
    problem: Problem,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Problem {
    #[error(
        "found a digest, expected a name and a tag such as `policy-engine:latest`; leave out the \
         `@` and what follows: the digest comes of what is packed"
    )]
    Digest,
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
    #[error("found {0} characters before the tag, expected at most {LONGEST_REPOSITORY}")]
    Long(usize),
    #[error(
        "found the tag `{0}`, expected 1 to {LONGEST_TAG} letters, digits, `_`, `.` or `-`, the \
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
            let parsed: ImageName = text.parse().unwrap();
            assert_eq!((parsed.to_string().as_str(), parsed.full().as_str()), (name, full));
        }
    }

    fn message(name: &str) -> String {
        name.parse::<ImageName>().unwrap_err().to_string()
    }

    #[test]
    fn a_wrong_part_is_quoted_with_what_was_expected() {
        assert_eq!(
            message("Team/engine"),
            "read the image name `Team/engine`: found `Team`, expected lowercase letters and \
             digits with `.`, `_`, `__` or dashes between them, such as `policy-engine`"
        );
        assert_eq!(
            message("engine:-1"),
            "read the image name `engine:-1`: found the tag `-1`, expected 1 to 128 letters, \
             digits, `_`, `.` or `-`, the first not `.` or `-`, such as `latest`"
        );
        assert_eq!(
            message("r.io:http/engine"),
            "read the image name `r.io:http/engine`: found the registry `r.io:http`, expected a \
             host with an optional port, such as `registry.example.com:5000`"
        );
        assert_eq!(
            message("engine@sha256:0"),
            "read the image name `engine@sha256:0`: found a digest, expected a name and a tag such \
             as `policy-engine:latest`; leave out the `@` and what follows: the digest comes of \
             what is packed"
        );
        let long = "a".repeat(256);
        assert_eq!(
            message(&long),
            format!(
                "read the image name `{long}`: found 256 characters before the tag, expected at \
                 most 255"
            )
        );
    }

    #[test]
    fn what_no_registry_takes_is_refused() {
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
            assert!(name.parse::<ImageName>().is_err(), "{name:?} was taken");
        }
        assert!(format!("a:{}", "t".repeat(129)).parse::<ImageName>().is_err());
        assert!(format!("a:{}", "t".repeat(128)).parse::<ImageName>().is_ok());
        assert!("a".repeat(255).parse::<ImageName>().is_ok());
    }

    proptest! {
        #[test]
        fn any_name_of_the_grammar_survives_the_round_trip(
            name in "([a-z0-9]-?[a-z0-9]\\.io(:[0-9]{1,4})?/)?\
                     [a-z0-9]{1,5}((__?|-{1,3})[a-z0-9]{1,3}){0,2}(/[a-z0-9]{1,3}(\\.[a-z0-9]{1,3})?){0,2}\
                     :[A-Za-z0-9_][A-Za-z0-9._-]{0,9}"
        ) {
            prop_assert_eq!(name.parse::<ImageName>().unwrap().to_string(), name);
        }

        #[test]
        fn whatever_is_taken_reads_the_same_again(name in "[a-zA-Z0-9._:/@\\[\\]-]{0,12}|.{0,8}") {
            if let Ok(parsed) = name.parse::<ImageName>() {
                prop_assert_eq!(&parsed.to_string().parse::<ImageName>().unwrap(), &parsed);
                prop_assert_eq!(parsed.full().parse::<ImageName>().unwrap().full(), parsed.full());
            }
        }
    }
}
