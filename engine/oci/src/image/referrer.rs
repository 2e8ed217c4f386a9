use std::collections::HashMap;

use oci_spec::image::{
    ANNOTATION_CREATED, ANNOTATION_TITLE, Descriptor, Digest, ImageManifestBuilder, MediaType,
    SCHEMA_VERSION,
};
use serde::Serialize;

use crate::SourceDate;
use crate::blob::{Blob, canonical_json};
use crate::error::ImageError;

/// The type of bills of materials, as referrers have it.
pub const SBOM: &str = "application/vnd.cyclonedx+json";
/// The type of in-toto statements.
pub const STATEMENT: &str = "application/vnd.in-toto+json";

/// A configuration that says nothing, as the image specification has it for what is no image.
const EMPTY: &[u8] = b"{}";
/// By which others find the kind of a statement without reading it.
const PREDICATE_TYPE: &str = "in-toto.io/predicate-type";
/// The same of a statement in a bundle, as `cosign` has it.
const BUNDLE_PREDICATE_TYPE: &str = "dev.sigstore.bundle.predicateType";
const BUNDLE_CONTENT: &str = "dev.sigstore.bundle.content";

/// A document on an image.
#[derive(Debug, Clone)]
pub struct Attachment {
    artifact_type: &'static str,
    /// The file that it is saved as.
    title: Option<&'static str>,
    annotations: Vec<(&'static str, String)>,
    bytes: Vec<u8>,
}

impl Attachment {
    /// Creates a bill of materials in CycloneDX.
    ///
    /// # Errors
    /// When the content has no form in JSON.
    pub fn sbom(content: &impl Serialize) -> Result<Self, ImageError> {
        let bytes = canonical_json(content)?;
        let title = Some("sbom.cdx.json");
        Ok(Self { artifact_type: SBOM, title, annotations: Vec::new(), bytes })
    }

    /// Creates an in-toto statement, for a file that is called `title`.
    ///
    /// # Errors
    /// When the content has no form in JSON.
    pub fn statement(
        content: &impl Serialize,
        title: &'static str,
        predicate_type: &'static str,
    ) -> Result<Self, ImageError> {
        let bytes = canonical_json(content)?;
        let annotations = vec![(PREDICATE_TYPE, predicate_type.to_owned())];
        let title = Some(title);
        Ok(Self { artifact_type: STATEMENT, title, annotations, bytes })
    }

    /// Creates a Sigstore bundle with a statement in a DSSE envelope, as `cosign` attaches it. The
    /// type says the version of the bundle.
    #[must_use]
    pub fn bundle(artifact_type: &'static str, bytes: Vec<u8>, predicate_type: &str) -> Self {
        let annotations = vec![
            (BUNDLE_CONTENT, "dsse-envelope".to_owned()),
            (BUNDLE_PREDICATE_TYPE, predicate_type.to_owned()),
        ];
        Self { artifact_type, title: None, annotations, bytes }
    }
}

/// A document that refers to an image, by a manifest of its own: an OCI referrer.
#[derive(Debug)]
pub struct Referrer {
    pub(crate) subject: Digest,
    pub(crate) manifest: Blob,
    pub(crate) config: Blob,
    pub(crate) document: Blob,
}

impl Referrer {
    /// Creates the referrer of a manifest or an index.
    ///
    /// # Errors
    /// None that the arguments could cause: they are valid by their types.
    pub fn new(
        document: &Attachment,
        subject: &Descriptor,
        created: SourceDate,
    ) -> Result<Self, ImageError> {
        let annotations = document.annotations.iter();
        let mut annotations: HashMap<String, String> =
            annotations.map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        let mut blob = Blob::new(MediaType::from(document.artifact_type), document.bytes.clone())?;
        if let Some(title) = document.title {
            let mut annotations = annotations.clone();
            annotations.insert(ANNOTATION_TITLE.to_owned(), title.to_owned());
            blob.descriptor.set_annotations(Some(annotations));
        }
        annotations.insert(ANNOTATION_CREATED.to_owned(), created.to_string());

        let config = Blob::new(MediaType::EmptyJSON, EMPTY.to_vec())?;
        let artifact_type = blob.descriptor.media_type().clone();
        let manifest = ImageManifestBuilder::default()
            .schema_version(SCHEMA_VERSION)
            .media_type(MediaType::ImageManifest)
            .artifact_type(artifact_type.clone())
            .config(config.descriptor.clone())
            .layers([blob.descriptor.clone()])
            // Without the name or the platform that an index gives it.
            .subject(Descriptor::new(
                subject.media_type().clone(),
                subject.size(),
                subject.digest().clone(),
            ))
            .annotations(annotations.clone())
            .build()?;
        let mut manifest = Blob::json(MediaType::ImageManifest, &manifest)?;
        manifest.descriptor.set_artifact_type(Some(artifact_type));
        manifest.descriptor.set_annotations(Some(annotations));
        Ok(Self { subject: subject.digest().clone(), manifest, config, document: blob })
    }

    /// The digest of the manifest or the index that it refers to.
    #[must_use]
    pub fn subject(&self) -> &Digest {
        &self.subject
    }

    /// The descriptor of the referrer's own manifest.
    #[must_use]
    pub fn descriptor(&self) -> &Descriptor {
        &self.manifest.descriptor
    }

    pub(crate) fn blobs(&self) -> [&Blob; 3] {
        [&self.manifest, &self.config, &self.document]
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::fs;

    use serde_json::{Value, json};

    use super::super::packed::tests::{pack, sample, spec};
    use super::super::{Image, ImageSpec, MultiPlatform};
    use super::*;
    use crate::digest;

    /// The sample with two documents attached.
    pub(crate) fn with_documents() -> Image {
        let mut image = sample();
        image.attach(&Attachment::sbom(&json!({"components": []})).unwrap()).unwrap();
        image
            .attach(
                &Attachment::statement(
                    &json!({"a": 1}),
                    "provenance.intoto.json",
                    "https://example.com/p",
                )
                .unwrap(),
            )
            .unwrap();
        image
    }

    fn parsed(bytes: &[u8]) -> Value {
        serde_json::from_slice(bytes).unwrap()
    }

    #[test]
    fn attachment_refers_to_the_image_and_does_not_change_it() {
        let (image, plain) = (with_documents(), sample());
        assert_eq!(image.manifest_digest(), plain.manifest_digest());
        assert_eq!(image.size(), plain.size());
        let [_, statement] = image.referrers.as_slice() else { panic!() };
        let document = br#"{"a":1}"#;
        assert_eq!(statement.document.bytes, document);
        assert_eq!(
            parsed(&statement.manifest.bytes),
            json!({
                "schemaVersion": 2,
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "artifactType": "application/vnd.in-toto+json",
                "config": {
                    "mediaType": "application/vnd.oci.empty.v1+json",
                    "digest": digest::sha256(b"{}").unwrap().to_string(),
                    "size": 2,
                },
                "layers": [{
                    "mediaType": "application/vnd.in-toto+json",
                    "digest": digest::sha256(document).unwrap().to_string(),
                    "size": document.len(),
                    "annotations": {
                        "in-toto.io/predicate-type": "https://example.com/p",
                        "org.opencontainers.image.title": "provenance.intoto.json",
                    },
                }],
                "subject": {
                    "mediaType": "application/vnd.oci.image.manifest.v1+json",
                    "digest": image.manifest_digest().to_string(),
                    "size": image.manifest.size(),
                },
                "annotations": {
                    "in-toto.io/predicate-type": "https://example.com/p",
                    "org.opencontainers.image.created": "2023-11-14T22:13:20Z",
                },
            })
        );
    }

    /// As `specs/BUNDLE_SPEC.md` of sigstore/cosign has it.
    #[test]
    fn bundle_refers_to_an_image_as_those_of_cosign_do() {
        const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
        let image = sample();
        let bundle = Attachment::bundle(BUNDLE, b"{}".to_vec(), "https://example.com/p");
        let referrer = Referrer::new(&bundle, &image.root, SourceDate::default()).unwrap();
        let manifest = parsed(&referrer.manifest.bytes);
        assert_eq!(manifest["artifactType"], BUNDLE);
        assert_eq!(
            manifest["layers"],
            json!([{"mediaType": BUNDLE, "digest": digest::sha256(b"{}").unwrap(), "size": 2}])
        );
        // Not the name that an index gives the image.
        assert_eq!(
            manifest["subject"],
            json!({
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": image.manifest_digest().to_string(),
                "size": image.manifest.size(),
            })
        );
        assert_eq!(
            manifest["annotations"],
            json!({
                "dev.sigstore.bundle.content": "dsse-envelope",
                "dev.sigstore.bundle.predicateType": "https://example.com/p",
                "org.opencontainers.image.created": "1970-01-01T00:00:00Z",
            })
        );
    }

    #[test]
    fn layout_lists_referrers_after_the_image() {
        let folder = tempfile::tempdir().unwrap();
        let image = with_documents();
        image.write_layout_dir(folder.path()).unwrap();
        let index = parsed(&fs::read(folder.path().join("index.json")).unwrap());
        let listed = index["manifests"].as_array().unwrap();
        assert_eq!(listed[0], serde_json::to_value(&image.root).unwrap());
        let listed: Vec<_> = listed.iter().map(|entry| &entry["artifactType"]).collect();
        assert_eq!(listed, [&Value::Null, &json!(SBOM), &json!(STATEMENT)]);
    }

    #[test]
    fn joined_images_keep_their_attachments() {
        let folder = tempfile::tempdir().unwrap();
        let mut other =
            pack(ImageSpec { platform: "linux/amd64".parse().unwrap(), ..spec() }, b"amd64");
        other.attach(&Attachment::sbom(&json!({"components": [1]})).unwrap()).unwrap();
        let layouts = ["one", "two"].map(|name| folder.path().join(name));
        with_documents().write_layout_dir(&layouts[0]).unwrap();
        other.write_layout_dir(&layouts[1]).unwrap();
        let joined = folder.path().join("joined");
        MultiPlatform::from_layouts(&layouts).unwrap().write_layout_dir(&joined).unwrap();
        let listed = parsed(&fs::read(joined.join("index.json")).unwrap());
        let listed = listed["manifests"].as_array().unwrap().iter();
        let types: Vec<_> = listed.map(|entry| entry["artifactType"].as_str()).collect();
        assert_eq!(types, [None, Some(SBOM), Some(SBOM), Some(STATEMENT)]);
        for blob in with_documents().all_blobs().chain(other.all_blobs()) {
            assert_eq!(fs::read(joined.join(blob.path())).unwrap(), blob.bytes);
        }
    }
}
