use std::borrow::Cow;

/// A text that may be a URL, without what stands before the `@` of its host, and without its query:
/// both hold passwords and tokens. Text that has neither is as it was.
///
/// People write `/`, `?` and `@` in passwords as they are: so it goes by the last `@`, encoded or
/// not, and shows nothing where it might as well be one of the query.
#[must_use]
pub fn redact_url(text: &str) -> Cow<'_, str> {
    let (start, rest) = match text.split_once("://") {
        Some(("unix", _)) => return Cow::Borrowed(text),
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        // The scheme is left out.
        None if text.starts_with("//") => ("//".to_owned(), text.trim_start_matches('/')),
        None if has_credentials(text) => (String::new(), text),
        None => return Cow::Borrowed(text),
    };
    let (before, after) = match end_of_credentials(rest).and_then(|end| rest.split_at_checked(end))
    {
        Some((credentials, _)) if credentials.contains(['?', '#']) => ("…", ""),
        Some((_, host)) => ("…@", host),
        None => ("", rest),
    };
    match after.find(['?', '#']).and_then(|end| after.split_at_checked(end)) {
        Some((shown, _)) => Cow::Owned(format!("{start}{before}{shown}?…")),
        None if before.is_empty() => Cow::Borrowed(text),
        None => Cow::Owned(format!("{start}{before}{after}")),
    }
}

/// Returns whether text without a scheme is `user:password@host`: no path is written so, nor an id
/// with a version.
fn has_credentials(text: &str) -> bool {
    let colon = text.find([':', '@', '/']).and_then(|at| text.get(at..));
    colon.is_some_and(|rest| rest.starts_with(':')) && end_of_credentials(text).is_some()
}

/// The end of the last `@`, if there is one.
fn end_of_credentials(text: &str) -> Option<usize> {
    let plain = text.rfind('@').map(|at| at + 1);
    let escaped = text.rfind("%40").map(|at| at + 3);
    plain.max(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_passwords_and_queries_are_redacted() {
        for (text, shown) in [
            ("https://a.b:1/c/", "https://a.b:1/c/"),
            ("https://user:pass@a.b/c", "https://…@a.b/c"),
            ("HTTPS://token@a.b", "HTTPS://…@a.b"),
            ("https://user:p@ss/w@a.b", "https://…@a.b"),
            ("https://user:p?ss@a.b", "https://…"),
            ("https://a.b/?to=me@secret", "https://…"),
            ("https://user:12/pass@a.b", "https://…@a.b"),
            ("https://user:pass%40a.b", "https://…@a.b"),
            ("https://a.b/c?token=x", "https://a.b/c?…"),
            ("https://u:p@a.b/c?token=x#y", "https://…@a.b/c?…"),
            ("https://a.b#x", "https://a.b?…"),
            ("user:pass@a.b/c", "…@a.b/c"),
            ("https:/user:pass@a.b", "…@a.b"),
            ("//user:pass@a.b/c", "//…@a.b/c"),
            ("//var/log/a", "//var/log/a"),
            ("unix:///run/a@b?c", "unix:///run/a@b?c"),
            ("/var/log/a:b@c?d", "/var/log/a:b@c?d"),
            ("./a:b@c", "./a:b@c"),
            ("web@v1:2", "web@v1:2"),
            ("127.0.0.1:8181", "127.0.0.1:8181"),
            ("8MiB", "8MiB"),
        ] {
            assert_eq!(redact_url(text), shown, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_password_survives_redaction(
            scheme in "(https?|HTTP|ftp|redis)://", user in "[a-z]{0,3}", around in "[:/?#@%é ]{0,4}",
            path in "(/[a-z]{0,3}){0,2}", query in r"(\?[a-z]{0,3})?",
        ) {
            let url = format!("{scheme}{user}:{around}S3CRET{around}@host{path}{query}");
            let shown = redact_url(&url);
            prop_assert!(!shown.contains("S3CRET"), "{shown}");
            let url = format!("{scheme}host{path}?{around}S3CRET{around}");
            prop_assert!(!redact_url(&url).contains("S3CRET"));
        }
    }
}
