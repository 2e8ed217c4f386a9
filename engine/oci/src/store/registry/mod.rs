//! Registries, by the OCI distribution specification
//! (github.com/opencontainers/distribution-spec).

mod attempts;
mod challenge;
mod client;
mod credentials;
mod error;
mod http;
mod location;
mod manifests;
mod quote;
mod redirect;
mod referrers;
mod secret;
#[cfg(test)]
mod tests;
mod tls;
mod token;
mod upload;
mod upload_mode;

use std::rc::Rc;

use oci_spec::image::{Descriptor, Digest, MediaType};
use ureq::http::Method;

pub use client::RegistryOptions;
pub use error::RegistryError;

use crate::digest;
use crate::reference::{Reference, Repository, Selector};
use challenge::Purpose;
use client::Client;
use error::RegistryProblem;
use http::RegistryRequest;
use policy_host::progress::Progress;

/// A repository that images are pushed to.
pub(crate) struct PushDestination(Client);

impl PushDestination {
    /// Opens a repository to push to.
    ///
    /// # Errors
    /// When TLS is not to be had on this machine.
    pub(crate) fn new(
        repository: &Repository,
        options: RegistryOptions,
        progress: &Rc<Progress>,
    ) -> Result<Self, RegistryError> {
        Client::new(repository, Purpose::Push, options, Rc::clone(progress)).map(Self)
    }

    /// The repository.
    pub(crate) fn repository(&self) -> &Repository {
        &self.0.repository
    }

    /// Returns whether the repository has the blob.
    pub(crate) fn has_blob(&self, blob: &Descriptor) -> Result<bool, RegistryError> {
        self.0.has_blob(blob.digest(), blob.size())
    }

    /// Uploads a blob.
    ///
    /// # Errors
    /// When the registry does not take it.
    pub(crate) fn upload(&self, digest: &Digest, bytes: &[u8]) -> Result<(), RegistryError> {
        self.0.upload(digest, bytes)
    }

    /// Puts a manifest or an index there, by its digest.
    pub(crate) fn put(&self, descriptor: &Descriptor, bytes: &[u8]) -> Result<(), RegistryError> {
        let at = Selector::Digest(descriptor.digest().clone());
        self.0.put_manifest(&at, descriptor.media_type(), bytes).map(drop)
    }

    /// Puts a manifest there that refers to another, and sees to it that it is found from that.
    pub(crate) fn put_referrer(
        &self,
        subject: &Digest,
        referrer: &Descriptor,
        bytes: &[u8],
    ) -> Result<(), RegistryError> {
        let at = Selector::Digest(referrer.digest().clone());
        let is_kept = self.0.put_manifest(&at, referrer.media_type(), bytes)?;
        if is_kept { Ok(()) } else { self.0.add_referrer(subject, referrer) }
    }

    /// Gives a manifest or an index a tag.
    pub(crate) fn tag(
        &self,
        tag: &str,
        descriptor: &Descriptor,
        bytes: &[u8],
    ) -> Result<(), RegistryError> {
        let at = Selector::Tag(tag.to_owned());
        self.0.put_manifest(&at, descriptor.media_type(), bytes).map(drop)
    }
}

/// An image in a registry, to be read.
pub(crate) struct RegistryImage {
    client: Client,
    selector: Selector,
}

impl RegistryImage {
    /// Opens the image of a reference.
    ///
    /// # Errors
    /// When TLS is not to be had on this machine.
    pub(crate) fn open(
        reference: &Reference,
        options: RegistryOptions,
    ) -> Result<Self, RegistryError> {
        let client =
            Client::new(&reference.repository(), Purpose::Pull, options, Rc::new(Progress::new()))?;
        Ok(Self { client, selector: reference.selector() })
    }

    /// The descriptor of the reference's manifest.
    pub(super) fn root_descriptor(&self) -> Result<Descriptor, RegistryError> {
        let (media_type, bytes) = self.manifest(&self.selector)?;
        let digest = digest::sha256(&bytes)
            .map_err(|error| self.client.fail(RegistryProblem::Document(error)))?;
        Ok(Descriptor::new(media_type, bytes.len() as u64, digest))
    }

    /// Gets a manifest or another blob, and checks that it is what its descriptor says.
    pub(super) fn fetch(&self, descriptor: &Descriptor) -> Result<Vec<u8>, RegistryError> {
        let is_manifest = manifests::MANIFESTS.contains(&descriptor.media_type().as_ref());
        let bytes = if is_manifest {
            self.manifest(&Selector::Digest(descriptor.digest().clone()))?.1
        } else {
            self.blob(descriptor)?
        };
        if bytes.len() as u64 != descriptor.size() {
            let expected = descriptor.digest().to_string();
            let found = format!("{} bytes, expected {}", bytes.len(), descriptor.size());
            return Err(self.client.fail(RegistryProblem::Mismatch { expected, found }));
        }
        self.client.check(descriptor.digest(), &bytes)?;
        Ok(bytes)
    }

    /// The descriptors of what refers to a manifest.
    pub(super) fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, RegistryError> {
        self.client.referrers(subject)
    }

    fn manifest(&self, selector: &Selector) -> Result<(MediaType, Vec<u8>), RegistryError> {
        let found = self.client.manifest(selector)?;
        found.ok_or_else(|| self.client.fail(RegistryProblem::NotFound("image")))
    }

    fn blob(&self, descriptor: &Descriptor) -> Result<Vec<u8>, RegistryError> {
        const GETTING: &str = "the request for a blob";
        let url = self.client.url(&format!("blobs/{}", descriptor.digest()));
        let mut request = RegistryRequest::new(GETTING, Method::GET, url);
        request.limit = descriptor.size();
        let answer = self.client.send(&request)?;
        match answer.status {
            200 => Ok(answer.body),
            404 => Err(self.client.fail(RegistryProblem::NotFound("blob"))),
            _ => Err(self.client.fail(self.client.unexpected(GETTING, &answer))),
        }
    }
}
