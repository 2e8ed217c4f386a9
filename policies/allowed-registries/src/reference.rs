use std::fmt;

const DEFAULT_REGISTRY: &str = "docker.io";
const MAX_REPOSITORY: usize = 255;
const MAX_TAG: usize = 128;

/// A reference to an image, in full: `nginx` is `docker.io/library/nginx`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reference<'r> {
    pub(crate) registry: &'r str,
    /// True if the repository stands in Docker Hub's `library`, which is not written.
    official: bool,
    path: &'r str,
    tag: Option<&'r str>,
    digest: Option<&'r str>,
}

impl<'r> Reference<'r> {
    /// Parses a reference by the grammar and the defaults that container runtimes share; the error
    /// says what is wrong with it.
    pub(crate) fn parse(text: &'r str) -> Result<Self, &'static str> {
        let (named, digest) = match text.split_once('@') {
            Some((named, digest)) => (named, Some(digest)),
            None => (text, None),
        };
        // A colon before the last slash belongs to the registry's port.
        let (name, tag) = match named.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (named, None),
        };
        let (registry, path) = match name.split_once('/') {
            Some((first, path)) if is_meant_as_registry(first) => (first, path),
            _ => (DEFAULT_REGISTRY, name),
        };
        let registry = normal_registry(registry);
        if text.is_empty() {
            return Err("it is empty");
        }
        if !is_registry(registry) {
            return Err("its registry is no host with an optional port");
        }
        if path.len() > MAX_REPOSITORY || !path.split('/').all(is_path_component) {
            return Err("its repository is not made of lower-case letters and digits, joined by \
                        `.`, `_`, `__` or `-`, and segments of them joined by `/`");
        }
        if !tag.is_none_or(is_tag) {
            return Err("its tag is not made of up to 128 letters, digits, `_`, `.` and `-`");
        }
        if !digest.is_none_or(is_digest) {
            return Err(
                "its digest is no `sha256`, `sha384` or `sha512` in lower-case hexadecimal",
            );
        }
        let official = registry == DEFAULT_REGISTRY && !path.contains('/');
        // Only where nothing says that it is a name, as runtimes have it.
        if is_hex(text, 64) {
            return Err("it is an image's id and not its name");
        }
        Ok(Self { registry, official, path, tag, digest })
    }

    /// The repository, segment by segment.
    pub(crate) fn repository(&self) -> impl Iterator<Item = &'r str> + Clone + use<'r> {
        self.official.then_some("library").into_iter().chain(self.path.split('/'))
    }

    pub(crate) fn is_pinned(&self) -> bool {
        self.digest.is_some()
    }
}

/// The repository in full, as registries know it.
impl fmt::Display for Reference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.registry)?;
        for segment in self.repository() {
            write!(f, "/{segment}")?;
        }
        self.tag.map_or(Ok(()), |tag| write!(f, ":{tag}"))?;
        self.digest.map_or(Ok(()), |digest| write!(f, "@{digest}"))
    }
}

/// Docker Hub has two names.
pub(crate) fn normal_registry(registry: &str) -> &str {
    if registry == "index.docker.io" { DEFAULT_REGISTRY } else { registry }
}

/// Returns whether a name's first segment is a registry, and not a part of the repository.
pub(crate) fn is_meant_as_registry(first: &str) -> bool {
    first == "localhost"
        || first.contains(['.', ':'])
        || first.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// Returns whether this is a host name or an address, with or without a port.
pub(crate) fn is_registry(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(ip) => !ip.is_empty() && ip.bytes().all(|b| b.is_ascii_hexdigit() || b == b':'),
        None => host.split('.').all(is_label),
    };
    is_host && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
}

/// Returns whether this is runs of letters and digits, each joined to the next by one separator.
fn is_path_component(text: &str) -> bool {
    let mut rest = text.as_bytes();
    loop {
        let [b'a'..=b'z' | b'0'..=b'9', after @ ..] = rest else { return false };
        rest = after;
        while let [b'a'..=b'z' | b'0'..=b'9', after @ ..] = rest {
            rest = after;
        }
        rest = match rest {
            [] => return true,
            [b'_', b'_', after @ ..] | [b'_' | b'.', after @ ..] => after,
            [b'-', after @ ..] => without_dashes(after),
            _ => return false,
        };
    }
}

fn without_dashes(mut text: &[u8]) -> &[u8] {
    while let [b'-', after @ ..] = text {
        text = after;
    }
    text
}

fn is_tag(text: &str) -> bool {
    text.len() <= MAX_TAG
        && text.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

fn is_digest(text: &str) -> bool {
    match text.split_once(':') {
        Some(("sha256", hash)) => is_hex(hash, 64),
        Some(("sha384", hash)) => is_hex(hash, 96),
        Some(("sha512", hash)) => is_hex(hash, 128),
        _ => false,
    }
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SHA: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn references_are_completed_as_by_container_runtimes() {
        for (text, full) in [
            ("nginx", "docker.io/library/nginx"),
            ("nginx:1.27", "docker.io/library/nginx:1.27"),
            ("acme/web", "docker.io/acme/web"),
            ("docker.io/nginx", "docker.io/library/nginx"),
            ("index.docker.io/nginx", "docker.io/library/nginx"),
            ("localhost/x", "localhost/x"),
            ("localhost:5000/x", "localhost:5000/x"),
            ("localhost", "docker.io/library/localhost"),
            ("host/x", "docker.io/host/x"),
            ("host:80/x", "host:80/x"),
            ("HOST/x", "HOST/x"),
            ("ghcr.io/a/b_c/d__e/f--g:T.1-_", "ghcr.io/a/b_c/d__e/f--g:T.1-_"),
            ("[2001:db8::1]:5000/x", "[2001:db8::1]:5000/x"),
            ("[2001:db8::1]/x", "[2001:db8::1]/x"),
            ("a:5000", "docker.io/library/a:5000"),
        ] {
            assert_eq!(Reference::parse(text).unwrap().to_string(), full, "{text}");
            let pinned = format!("{text}@{SHA}");
            let reference = Reference::parse(&pinned).unwrap();
            assert_eq!(reference.to_string(), format!("{full}@{SHA}"));
            assert!(reference.is_pinned());
        }
    }

    #[test]
    fn name_of_64_hex_digits_needs_an_explicit_repository() {
        let id = SHA.split_once(':').unwrap().1;
        for (before, after, full) in [
            ("docker.io/", "", "docker.io/library/"),
            ("index.docker.io/", "", "docker.io/library/"),
            ("library/", "", "docker.io/library/"),
            ("", ":v1", "docker.io/library/"),
            ("ghcr.io/", "", "ghcr.io/"),
        ] {
            let text = format!("{before}{id}{after}");
            let reference = Reference::parse(&text).unwrap();
            assert_eq!(reference.to_string(), format!("{full}{id}{after}"));
        }
    }

    #[test]
    fn invalid_reference_is_refused() {
        let id = SHA.split_once(':').unwrap().1;
        let (long_tag, long_path) = (format!("a:{}", "t".repeat(129)), "p".repeat(256));
        for (text, complaint) in [
            ("", "it is empty"),
            ("-.io/a", "its registry"),
            ("a.io:/b", "its registry"),
            ("a.io:x/b", "its registry"),
            ("a..io/b", "its registry"),
            ("[::1/a", "its registry"),
            ("[]/a", "its repository"),
            ("user@a.io/b", "its digest"),
            ("https://a.io/b", "its registry"),
            ("a.io/", "its repository"),
            ("/a", "its repository"),
            ("a//b", "its repository"),
            ("a.io/B", "its repository"),
            ("Nginx", "its repository"),
            ("a/../b", "its repository"),
            ("a/b..c", "its repository"),
            ("a/b___c", "its repository"),
            ("a/b_", "its repository"),
            ("a/b_-c", "its repository"),
            ("a/-b", "its repository"),
            ("a b", "its repository"),
            (" a", "its repository"),
            ("caf\u{e9}", "its repository"),
            (&*long_path, "its repository"),
            ("a:", "its tag"),
            ("a:.b", "its tag"),
            ("a:b c", "its tag"),
            (&*long_tag, "its tag"),
            ("a@", "its digest"),
            ("a@sha256:", "its digest"),
            ("a@sha256:E3B0", "its digest"),
            (&*format!("a@sha1:{id}"), "its digest"),
            (&*format!("a@{}", SHA.to_uppercase()), "its digest"),
            (&*format!("a@{SHA}@{SHA}"), "its digest"),
            (id, "it is an image's id"),
        ] {
            let error = Reference::parse(text).unwrap_err();
            assert!(error.starts_with(complaint), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in r"\PC*|[a-zA-Z0-9.:/@_\[\]-]*") {
            let _ = Reference::parse(&text);
        }

        /// The full form means the same image, whatever was left out before.
        #[test]
        fn full_form_means_the_same_image(
            registry in r"([a-zA-Z0-9]{1,3}[.-][a-z0-9]{1,3}|localhost|docker\.io)(:[0-9]{1,4})?",
            has_registry: bool,
            path in r"[a-z0-9]{1,4}((_|__|\.|--?)[a-z0-9]{1,3})?(/[a-z0-9]{1,3}){0,2}",
            tag in proptest::option::of(r"[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,9}"),
            pinned: bool,
        ) {
            let mut text = if has_registry { format!("{registry}/{path}") } else { path };
            if let Some(tag) = tag {
                text = format!("{text}:{tag}");
            }
            if pinned {
                text = format!("{text}@{SHA}");
            }
            let reference = Reference::parse(&text).unwrap();
            let full = reference.to_string();
            prop_assert!(full.ends_with(&text) || full.ends_with(text.split_once('/').unwrap().1));
            let again = Reference::parse(&full).unwrap();
            prop_assert_eq!(again.to_string(), full.as_str());
            prop_assert_eq!(again.registry, reference.registry);
            prop_assert!(again.repository().eq(reference.repository()));
            prop_assert_eq!((again.tag, again.digest), (reference.tag, reference.digest));
        }
    }
}
