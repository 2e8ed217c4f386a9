use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Folder, digest};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A small image, as an OCI image layout in a folder.
pub(super) struct Layout<'a> {
    folder: &'a Folder,
    name: &'static str,
    /// The entries of `index.json`.
    manifests: Vec<Value>,
}

impl<'a> Layout<'a> {
    /// An image of this name for an architecture, with one layer of so many bytes.
    pub(super) fn new(
        folder: &'a Folder,
        name: &'static str,
        architecture: &str,
        layer: usize,
    ) -> Self {
        let mut layout = Self { folder, name, manifests: Vec::new() };
        let config = json!({"architecture": architecture, "os": "linux", "config": {},
            "rootfs": {"type": "layers", "diff_ids": []}});
        let config = layout.blob(&config, "application/vnd.oci.image.config.v1+json");
        let layer: Vec<u8> = architecture.bytes().cycle().take(layer).collect();
        let layer = layout.bytes(&layer, "application/vnd.oci.image.layer.v1.tar+gzip");
        let mut manifest = layout.blob(
            &json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]}),
            MANIFEST,
        );
        manifest["platform"] = json!({"architecture": architecture, "os": "linux"});
        manifest["annotations"] = json!({
            "io.containerd.image.name": "docker.io/library/engine:v1",
            "org.opencontainers.image.ref.name": "v1",
        });
        layout.manifests.push(manifest);
        layout.write();
        layout
    }

    /// Adds a document that refers to the image, such as a software bill of materials.
    pub(super) fn with_referrer(self, text: &str) -> Self {
        self.with_document("application/spdx+json", text)
    }

    /// Adds a document of this type that refers to the image.
    pub(super) fn with_document(mut self, artifact_type: &str, text: &str) -> Self {
        let config = self.bytes(b"{}", "application/vnd.oci.empty.v1+json");
        let document = self.bytes(text.as_bytes(), artifact_type);
        let [digest, size] = ["digest", "size"].map(|key| self.manifests[0][key].clone());
        let subject = json!({"mediaType": MANIFEST, "digest": digest, "size": size});
        let mut referrer = self.blob(
            &json!({"schemaVersion": 2, "mediaType": MANIFEST,
                "artifactType": artifact_type, "config": config,
                "layers": [document], "subject": subject}),
            MANIFEST,
        );
        referrer["artifactType"] = artifact_type.into();
        self.manifests.push(referrer);
        self.write();
        self
    }

    /// The digest of what `index.json` names in this place.
    pub(super) fn digest(&self, place: usize) -> String {
        self.manifests[place]["digest"].as_str().unwrap().to_owned()
    }

    fn blob(&self, document: &Value, media_type: &str) -> Value {
        self.bytes(document.to_string().as_bytes(), media_type)
    }

    fn bytes(&self, bytes: &[u8], media_type: &str) -> Value {
        let digest = digest(bytes);
        let path = self.path().join("blobs").join(digest.replace(':', "/"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        json!({"mediaType": media_type, "digest": digest, "size": bytes.len()})
    }

    fn write(&self) {
        let index = json!({"schemaVersion": 2, "manifests": self.manifests});
        fs::write(self.path().join("index.json"), index.to_string()).unwrap();
        fs::write(self.path().join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join(self.name)
    }

    /// Writes the layout as an archive.
    pub(super) fn archived(&self, archive: &Path) {
        let mut tar = tar::Builder::new(fs::File::create(archive).unwrap());
        tar.append_dir_all(".", self.path()).unwrap();
        tar.finish().unwrap();
    }
}
