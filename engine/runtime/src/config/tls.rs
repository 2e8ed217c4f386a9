//! Certificates, and whether this program has TLS.

use super::report::{Read, Report};
use super::section::Section;
use super::{Tls, schema};
use crate::documents::located::{ConfigError, Origin};

/// This program was built with TLS.
pub(super) const IS_BUILT_IN: bool = cfg!(feature = "tls");

/// Reads `tls`, with its place for checks against the addresses.
pub(super) fn read(
    is_built_in: bool,
    root: &mut Section,
    report: &mut Report,
) -> Read<Option<(Tls, Origin)>> {
    let Some(mut section) = root.optional_section("tls", report)? else { return Ok(None) };
    let origin = section.origin.clone();
    let certificate = section.required(&schema::TLS_CERTIFICATE, report);
    let key = section.required(&schema::TLS_KEY, report);
    let client_ca = section.optional(&schema::TLS_CLIENT_CA, report);
    section.finish(report);
    if !is_built_in {
        return Err(report.error(ConfigError::at(
            &origin,
            "`tls` is set, but this program was built without it: leave it out and write `http`, or \
             build anew without `-tls` in `--engine-features`",
        )));
    }
    Ok(Some((Tls { certificate: certificate?, key: key?, client_ca: client_ca? }, origin)))
}

/// Checks that this program can do what a setting's URL asks for.
pub(super) fn check_url(
    is_built_in: bool,
    path: &str,
    url: &str,
    at: &Origin,
    report: &mut Report,
) -> Read<()> {
    if is_built_in || !url.starts_with("https://") {
        return Ok(());
    }
    Err(report.error(ConfigError::at(
        at,
        format_args!(
            "`{path}` is `{url}`, but this program was built without TLS: write `http`, or build \
             anew without `-tls` in `--engine-features`"
        ),
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::located::{Node, TableEntry, Value};

    #[test]
    fn program_without_tls_refuses_certificates() {
        let table = |entries: &[(&str, Node)]| {
            let entry = |(key, value): &(&str, Node)| TableEntry {
                key: (*key).to_owned(),
                at: Origin::Default,
                value: value.clone(),
            };
            Node { value: Value::Table(entries.iter().map(entry).collect()), at: Origin::Default }
        };
        let file = |path| Node::text(path, Origin::Default);
        let tls = table(&[("certificate", file("/c")), ("key", file("/k"))]);
        for (root, is_built_in, expected) in [
            (table(&[("tls", tls.clone())]), true, ""),
            (table(&[]), false, ""),
            (
                table(&[("tls", tls)]),
                false,
                "`tls` is set, but this program was built without it: leave it out and write \
                 `http`, or build anew without `-tls` in `--engine-features`",
            ),
        ] {
            let mut report = Report::default();
            let mut root = Section::new(String::new(), root, &mut report).ok().unwrap();
            let result = read(is_built_in, &mut root, &mut report);
            let mistakes: String = report.errors.iter().map(ToString::to_string).collect();
            assert_eq!((&*mistakes, result.is_err()), (expected, !expected.is_empty()));
        }
    }

    #[test]
    fn program_without_tls_refuses_urls_that_ask_for_it() {
        let mistakes = |is_built_in, url| {
            let mut report = Report::default();
            let result = check_url(is_built_in, "listen", url, &Origin::Default, &mut report);
            assert_eq!(result.is_err(), !report.errors.is_empty());
            report.errors.iter().map(ToString::to_string).collect::<String>()
        };
        for (is_built_in, url) in
            [(true, "https://127.0.0.1:1"), (false, "http://127.0.0.1:1"), (false, "127.0.0.1:1")]
        {
            assert_eq!(mistakes(is_built_in, url), "");
        }
        assert_eq!(
            mistakes(false, "https://127.0.0.1:1"),
            "`listen` is `https://127.0.0.1:1`, but this program was built without TLS: write \
             `http`, or build anew without `-tls` in `--engine-features`"
        );
    }
}
