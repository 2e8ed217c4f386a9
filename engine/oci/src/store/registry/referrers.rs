//! Referrers of a manifest or an index in a registry: by the API, or by the tag that replaces it in
//! registries without (OCI distribution specification 1.1, “Listing Referrers”).

use std::collections::BTreeSet;

use oci_spec::image::{Descriptor, Digest, MediaType};
use serde_json::{Map, Value, json};
use ureq::http::Method;
use ureq::http::header::LINK;

use super::client::Client;
use super::error::{RegistryError, RegistryProblem};
use super::http::{RegistryRequest, RegistryResponse};
use crate::blob::canonical_json;
use crate::reference::Selector;

const REFERRERS: &str = "the request for what refers to an image";

/// The largest number of pages and of entries, as anybody may push referrers.
const MAX_PAGES: usize = 100;
const MAX_ENTRIES: usize = 10_000;

impl Client {
    /// The referrers of a manifest or an index: by the API, or by the tag where the API fails.
    pub(super) fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, RegistryError> {
        let first = match self.send(&request(self.url(&format!("referrers/{subject}")))) {
            Ok(answer) => answer,
            Err(error) if error.is_refusal() => {
                let reason = error.reason();
                self.progress.line(&format!(
                    "note: {reason}; what refers to the image is looked for by its tag"
                ));
                return self.tagged_referrers(subject);
            }
            Err(error) => return Err(error),
        };
        let Some(mut found) = api_index(&first) else { return self.tagged_referrers(subject) };
        let mut seen = BTreeSet::from([first.url.clone()]);
        let mut page = first;
        while let Some(next) = next_page(&page) {
            let url =
                page.resolved(REFERRERS, &LINK, &next).map_err(|problem| self.fail(problem))?;
            if !seen.insert(url.clone()) || seen.len() > MAX_PAGES || found.len() > MAX_ENTRIES {
                let count = found.len();
                self.progress.line(&format!(
                    "note: the registry lists what refers to the image without an end; the first \
                     {count} are looked at"
                ));
                break;
            }
            page = self.send(&request(url))?;
            let wrong = || self.fail(self.unexpected(REFERRERS, &page));
            found.extend(api_index(&page).ok_or_else(wrong)?);
        }
        Ok(found)
    }

    /// Adds to what refers to a manifest or an index, for registries without the API. Whatever else
    /// the index has, stays.
    pub(super) fn add_referrer(
        &self,
        subject: &Digest,
        referrer: &Descriptor,
    ) -> Result<(), RegistryError> {
        let fail = |error| self.fail(RegistryProblem::Document(error));
        let tag = referrers_tag(subject);
        let mut index = match self.manifest(&tag)? {
            None => Map::new(),
            Some((_, bytes)) => {
                let found = serde_json::from_slice::<Value>(&bytes).ok().and_then(into_index);
                found.ok_or_else(|| {
                    let found = format!("with no index of images under the tag `{tag}`");
                    self.fail(RegistryProblem::Unexpected { what: REFERRERS, found })
                })?
            }
        };
        let entry = serde_json::to_value(referrer).map_err(|error| fail(error.into()))?;
        let listed = index.entry("manifests").or_insert(Value::Null);
        let mut entries = listed.as_array().cloned().unwrap_or_default();
        if entries.iter().any(|listed| listed.get("digest") == entry.get("digest")) {
            return Ok(());
        }
        entries.push(entry);
        *listed = entries.into();
        index.insert("schemaVersion".to_owned(), json!(2));
        index.insert("mediaType".to_owned(), json!(MediaType::ImageIndex.as_ref()));
        let index = canonical_json(&index).map_err(fail)?;
        self.put_manifest(&tag, &MediaType::ImageIndex, &index)?;
        Ok(())
    }

    fn tagged_referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, RegistryError> {
        let tag = referrers_tag(subject);
        let found = match self.manifest(&tag) {
            Ok(None) => return Ok(Vec::new()),
            Ok(Some((_, bytes))) => entries(&bytes),
            Err(error) if error.is_refusal() && !error.is_forbidden() => None,
            Err(error) => return Err(error),
        };
        Ok(found.unwrap_or_else(|| {
            self.progress
                .line(&format!("note: the tag `{tag}` is no index of what refers to the image"));
            Vec::new()
        }))
    }
}

fn request(url: String) -> RegistryRequest<'static> {
    let mut request = RegistryRequest::new(REFERRERS, Method::GET, url);
    request.headers.push(("accept", MediaType::ImageIndex.to_string()));
    request
}

/// The referrers that the API lists; `None` where this is no answer of the API.
fn api_index(answer: &RegistryResponse) -> Option<Vec<Descriptor>> {
    if answer.status != 200 {
        return None;
    }
    let found = entries(&answer.body)?;
    // Something between may have changed what kind of document it is.
    let media_type = answer.media_type();
    let is_index = media_type.is_empty() || media_type == MediaType::ImageIndex.as_ref();
    (is_index || !found.is_empty()).then_some(found)
}

/// The entries of an index, as far as they can be read: one is not to hide the others.
fn entries(bytes: &[u8]) -> Option<Vec<Descriptor>> {
    let mut index = into_index(serde_json::from_slice(bytes).ok()?)?;
    let Value::Array(entries) = index.remove("manifests")? else { return Some(Vec::new()) };
    Some(entries.into_iter().filter_map(|entry| serde_json::from_value(entry).ok()).collect())
}

/// An index of images, with or without entries.
fn into_index(document: Value) -> Option<Map<String, Value>> {
    let Value::Object(index) = document else { return None };
    let is_listed = |value: &Value| value.is_array() || value.is_null();
    index.get("manifests").is_some_and(is_listed).then_some(index)
}

/// `sha256-…`: the specification's “referrers tag schema”.
fn referrers_tag(subject: &Digest) -> Selector {
    Selector::Tag(subject.to_string().replacen(':', "-", 1))
}

/// The address in `<…>; rel="next"`, as RFC 8288 has it, of all links in all headers.
fn next_page(answer: &RegistryResponse) -> Option<String> {
    let links = answer.headers.get_all(LINK).iter();
    links.filter_map(|link| link.to_str().ok()).find_map(next_link).map(str::to_owned)
}

fn next_link(header: &str) -> Option<&str> {
    let mut rest = header;
    loop {
        let (_, after) = rest.split_once('<')?;
        let (address, after) = after.split_once('>')?;
        // Up to the next link: what is between is its parameters.
        let end = after.find(['<']).unwrap_or(after.len());
        let (parameters, next) = after.split_at(end);
        if parameters.split([';', ',']).any(is_next) {
            return Some(address);
        }
        rest = next;
    }
}

/// Returns whether a parameter marks the link to the next page.
fn is_next(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    let mut relations = value.trim().trim_matches('"').split_ascii_whitespace();
    name.trim().eq_ignore_ascii_case("rel")
        && relations.any(|relation| relation.eq_ignore_ascii_case("next"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_page_is_found_among_other_links() {
        for (header, expected) in [
            ("</v2/a?n=1>; rel=\"next\"", Some("/v2/a?n=1")),
            ("<b>;title=x;REL=Next", Some("b")),
            ("<a>; rel=\"prev\", <b>; rel=\"last next\"", Some("b")),
            ("<a?x=1,2>; rel=next", Some("a?x=1,2")),
            ("<a>; rel=\"prev\"", None),
            ("<a", None),
            ("a; rel=next", None),
            ("", None),
        ] {
            assert_eq!(next_link(header), expected, "{header}");
        }
    }

    #[test]
    fn unreadable_entries_of_an_index_are_skipped() {
        let none = |text: &str| entries(text.as_bytes());
        for text in ["", "<html>", "[]", "{}", r#"{"manifests": {}}"#, r#"{"schemaVersion": 2}"#] {
            assert_eq!(none(text), None, "{text}");
        }
        assert_eq!(none(r#"{"schemaVersion": 2, "manifests": null}"#), Some(Vec::new()));
        let digest = format!("sha256:{}", "a".repeat(64));
        let index = json!({"schemaVersion": 2, "manifests": [
            {"mediaType": "x", "digest": "?", "size": 1},
            {"mediaType": "x", "digest": digest, "size": 1, "annotations": null},
        ]});
        assert_eq!(entries(index.to_string().as_bytes()).unwrap().len(), 1);
    }
}
