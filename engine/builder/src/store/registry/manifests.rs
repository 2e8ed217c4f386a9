//! Manifests and indexes in a registry, and what refers to them.

use oci_spec::image::{
    Descriptor, Digest, ImageIndex, ImageIndexBuilder, MediaType, SCHEMA_VERSION,
};
use ureq::http::Method;

use super::address::Selected;
use super::client::Client;
use super::error::{Problem, RegistryError};
use super::http::Request;
use crate::image::{canonical_json, digest};

const GETTING: &str = "the request for a manifest";
const PUTTING: &str = "a manifest";
const REFERRERS: &str = "the request for what refers to an image";

/// How many pages of what refers to an image are read.
const MOST_PAGES: usize = 20;

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
        selected: &Selected,
    ) -> Result<Option<(MediaType, Vec<u8>)>, RegistryError> {
        let url = self.url(&format!("manifests/{selected}"));
        let mut request = Request::new(GETTING, Method::GET, url);
        request.headers.push(("accept", MANIFESTS.join(", ")));
        let answer = self.send(&request)?;
        match answer.status {
            200 => {
                let media_type = answer.header("content-type").unwrap_or_default();
                let media_type = media_type.split(';').next().unwrap_or_default().trim();
                if let Selected::Digest(expected) = selected {
                    self.check(expected, &answer.body)?;
                }
                Ok(Some((media_type.into(), answer.body)))
            }
            404 => Ok(None),
            _ => Err(self.fail(answer.unexpected(GETTING))),
        }
    }

    /// Puts a manifest or an index there, by its digest or under a tag; tells whether the registry
    /// keeps account of what it refers to.
    pub(super) fn put_manifest(
        &self,
        at: &Selected,
        media_type: &MediaType,
        bytes: &[u8],
    ) -> Result<bool, RegistryError> {
        let url = self.url(&format!("manifests/{at}"));
        let mut request = Request::new(PUTTING, Method::PUT, url);
        request.headers.push(("content-type", media_type.to_string()));
        let answer = self.send(&Request { body: bytes, ..request })?;
        match answer.status {
            200..=202 => Ok(answer.header("oci-subject").is_some()),
            _ => Err(self.fail(answer.unexpected(PUTTING))),
        }
    }

    /// What refers to a manifest or an index, by the API or, in registries without it, by the tag
    /// that stands for it.
    pub(super) fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, RegistryError> {
        let mut url = self.url(&format!("referrers/{subject}"));
        let mut referrers = Vec::new();
        for page in 0..MOST_PAGES {
            let answer = self.send(&Request::new(REFERRERS, Method::GET, url))?;
            match answer.status {
                200 => referrers.extend_from_slice(self.index(&answer.body)?.manifests()),
                404 if page == 0 => return self.tagged_referrers(subject),
                _ => return Err(self.fail(answer.unexpected(REFERRERS))),
            }
            let Some(next) = answer.header("link").and_then(next_page) else { break };
            url = self.resolved(REFERRERS, "Link", next).map_err(|it| self.fail(it))?;
        }
        Ok(referrers)
    }

    /// Adds to what refers to a manifest or an index, for registries without the API.
    pub(super) fn add_referrer(
        &self,
        subject: &Digest,
        referrer: &Descriptor,
    ) -> Result<(), RegistryError> {
        let mut referrers = self.tagged_referrers(subject)?;
        if referrers.iter().any(|it| it.digest() == referrer.digest()) {
            return Ok(());
        }
        referrers.push(referrer.clone());
        let fail = |error| self.fail(Problem::Document(error));
        let index = ImageIndexBuilder::default()
            .schema_version(SCHEMA_VERSION)
            .media_type(MediaType::ImageIndex)
            .manifests(referrers)
            .build()
            .map_err(fail)?;
        let index = canonical_json(&index).map_err(fail)?;
        self.put_manifest(&referrers_tag(subject), &MediaType::ImageIndex, &index)?;
        Ok(())
    }

    fn tagged_referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, RegistryError> {
        match self.manifest(&referrers_tag(subject))? {
            Some((_, bytes)) => Ok(self.index(&bytes)?.manifests().clone()),
            None => Ok(Vec::new()),
        }
    }

    fn index(&self, bytes: &[u8]) -> Result<ImageIndex, RegistryError> {
        ImageIndex::from_reader(bytes).map_err(|error| {
            let found = format!("with what is no index of images: {error}");
            self.fail(Problem::Unexpected { what: REFERRERS, found })
        })
    }

    /// Checks that what came is what was asked for.
    pub(super) fn check(&self, expected: &Digest, bytes: &[u8]) -> Result<(), RegistryError> {
        let found = digest::of(bytes).map_err(|error| self.fail(Problem::Document(error)))?;
        if found == *expected {
            return Ok(());
        }
        let (expected, found) = (expected.to_string(), format!("`{found}`"));
        Err(self.fail(Problem::Mismatch { expected, found }))
    }
}

/// `sha256-…`: the specification's “referrers tag schema”.
fn referrers_tag(subject: &Digest) -> Selected {
    Selected::Tag(subject.to_string().replacen(':', "-", 1))
}

/// The address in `<…>; rel="next"`, as RFC 8288 has it.
fn next_page(link: &str) -> Option<&str> {
    let (address, rest) = link.trim().strip_prefix('<')?.split_once('>')?;
    let mut parameters = rest.split(',').next()?.split(';').map(str::trim);
    let is_next = |it: &str| it.eq_ignore_ascii_case("rel=\"next\"") || it == "rel=next";
    parameters.any(is_next).then_some(address)
}
