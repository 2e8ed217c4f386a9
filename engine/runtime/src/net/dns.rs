//! Names as the DNS has them, which is how Kubernetes wants the names and paths of webhooks.

/// The longest subdomain that Kubernetes takes, in bytes.
pub(crate) const MAX_SUBDOMAIN: usize = 253;

/// A name in the form of an RFC 1123 subdomain: lower-case letters, digits, `-` and `.`, with a
/// letter or digit at either end of each label. A name that is one stays as it is; `_` becomes `-`.
pub(crate) fn subdomain(name: &str) -> String {
    let mut subdomain = String::with_capacity(name.len());
    for label in name.split('.') {
        let label = label.trim_matches(|letter: char| !letter.is_ascii_alphanumeric());
        if label.is_empty() {
            continue;
        }
        if !subdomain.is_empty() {
            subdomain.push('.');
        }
        subdomain.extend(label.chars().map(|letter| match letter.to_ascii_lowercase() {
            letter @ ('a'..='z' | '0'..='9' | '-') => letter,
            _ => '-',
        }));
    }
    subdomain
}

/// The form of a path's segments in which a webhook's path can have them.
pub(crate) fn subdomains(path: &str) -> String {
    path.split('/').map(subdomain).collect::<Vec<_>>().join("/")
}

/// The beginning of a subdomain that is one of at most this many bytes.
pub(crate) fn shortened(subdomain: &str, most: usize) -> &str {
    let start = subdomain.get(..most.min(subdomain.len())).unwrap_or_default();
    start.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_converted_to_subdomains() {
        for (name, expected) in [
            ("pod-security", "pod-security"),
            ("a.b-c.1", "a.b-c.1"),
            ("my_policy", "my-policy"),
            ("a__b_", "a--b"),
            ("a..b", "a.b"),
            ("a-.-b_.c", "a.b.c"),
            ("Pods", "pods"),
            ("1.0.0-RC.1", "1.0.0-rc.1"),
            ("1.0.0+b", "1.0.0-b"),
        ] {
            assert_eq!(subdomain(name), expected, "{name}");
        }
        assert_eq!(subdomains("http/my_authz/_a"), "http/my-authz/a");
        assert_eq!(shortened("abc.def", 4), "abc");
        assert_eq!(shortened("abc", 9), "abc");
    }

    proptest! {
        #[test]
        fn every_subdomain_is_valid_in_kubernetes(name in "[a-z0-9][a-zA-Z0-9._-]{0,20}") {
            let form = subdomain(&name);
            let is_label = |label: &str| {
                let ends = [label.chars().next(), label.chars().last()];
                ends.iter().all(|end| end.is_some_and(|end| end.is_ascii_alphanumeric()))
                    && label.chars().all(|letter| matches!(letter, 'a'..='z' | '0'..='9' | '-'))
            };
            prop_assert!(form.split('.').all(is_label), "{}", form);
            prop_assert_eq!(subdomain(&form), form);
        }
    }
}
