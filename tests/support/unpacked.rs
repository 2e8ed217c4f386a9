use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Command;

use flate2::read::GzDecoder;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tar::Archive;

/// An image, read from its archive by way of the OCI index.
pub(crate) struct Unpacked {
    /// The archive's members; folders are left out.
    pub(crate) members: BTreeMap<String, Vec<u8>>,
    pub(crate) manifest: Value,
    pub(crate) config: Value,
    /// The digests of manifest and configuration.
    pub(crate) digests: [String; 2],
}

/// An entry of a layer.
pub(crate) struct LayerEntry {
    pub(crate) path: String,
    pub(crate) mode: u32,
    pub(crate) owner: (u64, u64),
    pub(crate) time: u64,
    pub(crate) bytes: Vec<u8>,
}

impl Unpacked {
    pub(crate) fn read(archive: &Path) -> Self {
        Self::read_by(archive, |index, _| index["manifests"][0].clone())
    }

    /// The image for a processor, from an archive that holds one for several.
    pub(crate) fn read_for(archive: &Path, architecture: &str) -> Self {
        Self::read_by(archive, |index, json| {
            let whole = json(&blob(index["manifests"][0]["digest"].as_str().unwrap()));
            let images = whole["manifests"].as_array().unwrap().iter().cloned();
            let mut images = images;
            images.find(|image| image["platform"]["architecture"] == architecture).unwrap()
        })
    }

    /// `find` finds the image's descriptor, from `index.json` and other documents by their paths.
    fn read_by(archive: &Path, find: impl Fn(&Value, &dyn Fn(&str) -> Value) -> Value) -> Self {
        let members = entries(fs::File::open(archive).unwrap())
            .into_iter()
            .filter(|entry| !entry.path.ends_with('/'))
            .map(|entry| (entry.path, entry.bytes))
            .collect();
        let json = |path: &str| -> Value {
            let members: &BTreeMap<String, Vec<u8>> = &members;
            serde_json::from_slice(&members[path]).unwrap()
        };
        let digest = |descriptor: &Value| descriptor["digest"].as_str().unwrap().to_owned();
        let manifest_digest = digest(&find(&json("index.json"), &json));
        let manifest = json(&blob(&manifest_digest));
        let config_digest = digest(&manifest["config"]);
        let config = json(&blob(&config_digest));
        Self { manifest, config, digests: [manifest_digest, config_digest], members }
    }

    /// The layers as they are stored, the lowest first.
    pub(crate) fn layers(&self) -> Vec<&[u8]> {
        let layers = self.manifest["layers"].as_array().unwrap().iter();
        layers.map(|layer| &*self.members[&blob(layer["digest"].as_str().unwrap())]).collect()
    }

    /// Everything in the layers, the lowest first.
    pub(crate) fn entries(&self) -> Vec<LayerEntry> {
        self.layers().into_iter().flat_map(|layer| entries(GzDecoder::new(layer))).collect()
    }

    /// The bytes of a file in the image.
    pub(crate) fn file(&self, path: &str) -> Vec<u8> {
        self.entries().into_iter().find(|entry| entry.path == path).unwrap().bytes
    }

    /// Writes the files of the image into a new folder.
    ///
    /// Another process writes them. Were the program open for writing in this one, a command that
    /// another test starts at that moment would inherit the file, and nobody could run it.
    pub(crate) fn write_files(&self, folder: &Path) {
        fs::create_dir(folder).unwrap();
        for layer in self.layers() {
            let packed = folder.join("layer.tar.gz");
            fs::write(&packed, layer).unwrap();
            let tar = Command::new("tar")
                .args(["--extract", "--gzip", "--no-same-owner", "--file"])
                .arg(&packed)
                .arg("--directory")
                .arg(folder)
                .status();
            assert!(tar.unwrap().success());
            fs::remove_file(packed).unwrap();
        }
    }
}

/// The digest of some bytes, as images write it.
pub(crate) fn digest(bytes: &[u8]) -> String {
    let mut text = "sha256:".to_owned();
    for byte in Sha256::digest(bytes) {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

fn blob(digest: &str) -> String {
    format!("blobs/{}", digest.replace(':', "/"))
}

fn entries(archive: impl Read) -> Vec<LayerEntry> {
    let read = |entry: std::io::Result<tar::Entry<'_, _>>| {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        let header = entry.header();
        LayerEntry {
            path: entry.path().unwrap().to_str().unwrap().to_owned(),
            mode: header.mode().unwrap(),
            owner: (header.uid().unwrap(), header.gid().unwrap()),
            time: header.mtime().unwrap(),
            bytes,
        }
    };
    Archive::new(archive).entries().unwrap().map(read).collect()
}
