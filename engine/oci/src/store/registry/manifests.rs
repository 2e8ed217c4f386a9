//! Manifests and indexes in a registry.

use oci_spec::image::{Digest, MediaType};
use serde::Deserialize;
use serde_json::Value;
use ureq::http::Method;

use super::client::Client;
use super::error::{RegistryError, RegistryProblem};
use super::http::{RegistryRequest, RegistryResponse};
use super::quote::quoted;
use crate::digest;
use crate::reference::Selector;

const GETTING: &str = "the request for a manifest";
const PUTTING: &str = "a manifest";

/// Every kind of manifest and index: Docker's own are read as well.
pub(super) const MANIFESTS: [&str; 4] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];

impl Client {
    /// The manifest or index of a tag or digest, when there is one: its media type and bytes.
    pub(super) fn manifest(
        &self,
        selected: &Selector,
    ) -> Result<Option<(MediaType, Vec<u8>)>, RegistryError> {
        let url = self.url(&format!("manifests/{selected}"));
        let mut request = RegistryRequest::new(GETTING, Method::GET, url);
        request.headers.push(("accept", MANIFESTS.join(", ")));
        let answer = self.send(&request)?;
        match answer.status {
            200 => {
                if let Selector::Digest(expected) = selected {
                    self.check(expected, &answer.body)?;
                }
                let media_type = media_type(&answer).map_err(|problem| self.fail(problem))?;
                Ok(Some((media_type, answer.body)))
            }
            404 => Ok(None),
            _ => Err(self.fail(self.unexpected(GETTING, &answer))),
        }
    }

    /// Puts a manifest or an index there, by its digest or under a tag; tells whether the registry
    /// keeps account of what it refers to.
    pub(super) fn put_manifest(
        &self,
        at: &Selector,
        media_type: &MediaType,
        bytes: &[u8],
    ) -> Result<bool, RegistryError> {
        let url = self.url(&format!("manifests/{at}"));
        let mut request = RegistryRequest::new(PUTTING, Method::PUT, url);
        request.headers.push(("content-type", media_type.to_string()));
        let answer = self.send(&RegistryRequest { body: bytes, ..request })?;
        let is_kept = answer.headers.contains_key("oci-subject");
        match answer.status {
            201 => {
                let digest = digest::sha256(bytes)
                    .map_err(|error| self.fail(RegistryProblem::Document(error)))?;
                answer.check_digest(&digest).map_err(|problem| self.fail(problem))?;
                Ok(is_kept)
            }
            // Whoever answers so may have kept nothing, such as a page to log in on.
            200 | 202..=204 if self.manifest(at)?.is_some_and(|(_, kept)| kept == bytes) => {
                Ok(is_kept)
            }
            _ => Err(self.fail(self.unexpected(PUTTING, &answer))),
        }
    }

    /// Checks that what came is what was asked for.
    pub(super) fn check(&self, expected: &Digest, bytes: &[u8]) -> Result<(), RegistryError> {
        let found =
            digest::sha256(bytes).map_err(|error| self.fail(RegistryProblem::Document(error)))?;
        if found == *expected {
            return Ok(());
        }
        let (expected, found) = (expected.to_string(), format!("`{found}`"));
        Err(self.fail(RegistryProblem::Mismatch { expected, found }))
    }
}

/// The media type of a manifest or index: the registry's, its own, or the one that its fields
/// imply.
fn media_type(answer: &RegistryResponse) -> Result<MediaType, RegistryProblem> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Outline {
        media_type: Option<String>,
        manifests: Option<Value>,
        config: Option<Value>,
    }
    let said = answer.media_type();
    if MANIFESTS.contains(&said.as_str()) {
        return Ok(said.as_str().into());
    }
    let outline = serde_json::from_slice::<Outline>(&answer.body);
    let found = outline.ok().and_then(|outline| match outline.media_type {
        Some(own) => MANIFESTS.contains(&own.as_str()).then(|| own.as_str().into()),
        None if outline.manifests.is_some() => Some(MediaType::ImageIndex),
        None => outline.config.map(|_| MediaType::ImageManifest),
    });
    found.ok_or_else(|| {
        let found = format!("with what is no image manifest{}", quoted(&said));
        RegistryProblem::Unexpected { what: GETTING, found }
    })
}
