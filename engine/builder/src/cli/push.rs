use std::path::PathBuf;
use std::rc::Rc;

use serde::Serialize;

use super::Failure;
use super::format::Format;
use super::options::RegistryArgs;
use crate::audit::Described;
use crate::signatures::{self, Parts, SignatureError, Signed};
use policy_host::progress::Progress;
use policy_oci::Reference;
use policy_oci::attach::WithReferrers;
use policy_oci::image::Referrer;
use policy_oci::push::{self, BlobCounts, PushError, Pushed, ReferrerCounts, Referrers};
use policy_oci::store::Layout;

/// The file that `image` writes by default.
const ARCHIVE: &str = "policy-engine.tar";

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Credentials are those of `podman login`, or of `docker login` and its helpers.\n\n\
                  Example: policy-builder push policy-engine.tar registry.example.com/policies:v1"
)]
pub(super) struct Push {
    /// The image: an archive or an OCI image layout, as `image` writes it, or a Docker archive, as
    /// nixpkgs' `dockerTools` and `docker save` do
    #[arg(value_name = "IMAGE", default_value = ARCHIVE)]
    image: PathBuf,
    /// The references to push to, with tags [default: the image's own name]
    #[arg(value_name = "REFERENCE")]
    references: Vec<String>,
    /// Leaves out what refers to the image: bills of materials, provenance, signatures
    ///
    /// Without this, a registry that does not take them gets the image all the same, with a note.
    #[arg(long)]
    no_referrers: bool,
    /// Signs the image and what is attached to it, with `--key`; a registry that does not take
    /// signatures gets no tag
    #[arg(long, requires = "key", conflicts_with = "no_referrers")]
    sign: bool,
    /// The private key to sign with: a file, or `env://NAME` for a variable; ECDSA on P-256 in
    /// PKCS#8, as PEM
    #[arg(long, value_name = "FILE|env://NAME", requires = "sign")]
    key: Option<String>,
    /// What holds the passphrase of an encrypted key: a file, or `env://NAME` for a variable
    #[arg(long, value_name = "FILE|env://NAME", requires = "sign")]
    passphrase: Option<String>,
    /// Signs the image of each platform as well, not only the index of all
    #[arg(long, requires = "sign")]
    recursive: bool,
    #[command(flatten)]
    registry: RegistryArgs,
    /// The format of the output: text for people or JSON for programs
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

impl Push {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let names: Result<Vec<Reference>, _> =
            self.references.iter().map(|text| Reference::parse_name(text)).collect();
        let names = names?;
        if !self.image.exists() && names.is_empty() {
            let image = self.image.display().to_string();
            let error = if image == ARCHIVE { Failure::NoArchive } else { Failure::NoImage };
            return Err(error(image));
        }
        let with_image = |error: PushError| error.with_image(&self.image);
        let image = Layout::open(&self.image).map_err(|error| with_image(error.into()))?;
        let progress = Rc::new(Progress::new());
        let options = self.registry.options();
        let signatures = self.signatures(&image, &progress)?;
        let wanted = match (self.no_referrers, self.sign) {
            (true, _) => Referrers::LeftOut,
            (false, false) => Referrers::IfTaken,
            (false, true) => Referrers::Required,
        };
        let image = WithReferrers::new(&image, &signatures);
        let pushed = push::push(&image, &names, wanted, options, &progress);
        progress.finish();
        let pushed = pushed.map_err(with_image)?;
        let document = Document::new(&pushed);
        self.format.print(&document, || {
            let references = document.pushed.iter().map(|pushed| pushed.reference.as_str());
            references.collect::<Vec<_>>().join("\n")
        })
    }
}

impl Push {
    /// The signatures that are pushed with the image.
    fn signatures(&self, image: &Layout, progress: &Progress) -> Result<Vec<Referrer>, Failure> {
        let Some(key) = &self.key else { return Ok(Vec::new()) };
        let key = signatures::private_key(key, self.passphrase.as_deref(), progress)?;
        let name = self.image.display().to_string();
        let unread = |error| SignatureError::Read { image: name.clone(), error: Box::new(error) };
        let described = Described::read(image).map_err(unread)?;
        let parts = Parts::read(image, &described).map_err(unread)?;
        let signed = signatures::sign(&name, &parts, &key, self.recursive)?;
        Ok(signed.into_iter().map(|signed| Signed::into_parts(signed).1).collect())
    }
}

/// A pushed reference, as `--format json` prints it.
#[derive(Serialize)]
struct Document<'a> {
    digest: String,
    pushed: Vec<Repository<'a>>,
    blobs: BlobCounts,
    referrers: &'a ReferrerCounts,
}

#[derive(Serialize)]
struct Repository<'a> {
    /// The reference by digest, to run and to sign.
    reference: String,
    tags: &'a [String],
}

impl<'a> Document<'a> {
    fn new(pushed: &'a Pushed) -> Self {
        let Pushed { digest, targets, blobs, referrers } = pushed;
        let targets = targets.iter().map(|target| Repository {
            reference: format!("{}@{digest}", target.repository),
            tags: &target.tags,
        });
        let (digest, pushed) = (digest.to_string(), targets.collect());
        Self { digest, pushed, blobs: *blobs, referrers }
    }
}
