use std::collections::HashMap;

use oci_spec::OciSpecError;
use oci_spec::image::{
    ANNOTATION_CREATED, ANNOTATION_TITLE, ImageManifestBuilder, MediaType, SCHEMA_VERSION,
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

/// A document on an image.
#[derive(Debug, Clone)]
pub struct Attachment {
    artifact_type: &'static str,
    /// The file that it is saved as.
    title: &'static str,
    predicate_type: Option<&'static str>,
    bytes: Vec<u8>,
}

impl Attachment {
    /// Creates a bill of materials in CycloneDX.
    ///
    /// # Errors
    /// When the content has no form in JSON.
    pub fn sbom(content: &impl Serialize) -> Result<Self, ImageError> {
        let bytes = canonical_json(content)?;
        Ok(Self { artifact_type: SBOM, title: "sbom.cdx.json", predicate_type: None, bytes })
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
        let predicate_type = Some(predicate_type);
        Ok(Self { artifact_type: STATEMENT, title, predicate_type, bytes })
    }
}

/// A document that refers to an image, by a manifest of its own: an OCI referrer.
#[derive(Debug)]
pub(super) struct Referrer {
    pub(super) manifest: Blob,
    pub(super) config: Blob,
    pub(super) document: Blob,
}

impl Referrer {
    pub(super) fn new(
        document: &Attachment,
        subject: &Blob,
        created: SourceDate,
    ) -> Result<Self, OciSpecError> {
        let mut annotations =
            HashMap::from([(ANNOTATION_TITLE.to_owned(), document.title.to_owned())]);
        annotations.extend(
            document.predicate_type.map(|kind| (PREDICATE_TYPE.to_owned(), kind.to_owned())),
        );
        let mut document =
            Blob::new(MediaType::from(document.artifact_type), document.bytes.clone())?;
        document.descriptor.set_annotations(Some(annotations.clone()));
        annotations.remove(ANNOTATION_TITLE);
        annotations.insert(ANNOTATION_CREATED.to_owned(), created.to_string());

        let config = Blob::new(MediaType::EmptyJSON, EMPTY.to_vec())?;
        let artifact_type = document.descriptor.media_type().clone();
        let manifest = ImageManifestBuilder::default()
            .schema_version(SCHEMA_VERSION)
            .media_type(MediaType::ImageManifest)
            .artifact_type(artifact_type.clone())
            .config(config.descriptor.clone())
            .layers([document.descriptor.clone()])
            .subject(subject.descriptor.clone())
            .annotations(annotations.clone())
            .build()?;
        let mut manifest = Blob::json(MediaType::ImageManifest, &manifest)?;
        manifest.descriptor.set_artifact_type(Some(artifact_type));
        manifest.descriptor.set_annotations(Some(annotations));
        Ok(Self { manifest, config, document })
    }

    pub(super) fn blobs(&self) -> [&Blob; 3] {
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
