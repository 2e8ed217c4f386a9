use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use policy_host::atomic;
use serde_json::{Map, Value};

use super::error::AttachError;
use crate::archive::ARTIFACT;
use crate::blob::canonical_json;
use crate::image::Referrer;

/// Writes referrers into an OCI image layout: the blobs first, and then the index that lists them.
pub(super) fn attach(folder: &Path, referrers: &[&Referrer]) -> Result<(), AttachError> {
    if referrers.is_empty() {
        return Ok(());
    }
    for blob in referrers.iter().flat_map(|referrer| referrer.blobs()) {
        write(&folder.join(blob.path()), &blob.bytes)?;
    }
    // Until this is dropped, whoever else attaches something waits: the index is read and written as a
    // whole. Some network file systems have no locks, and there is nobody to wait for.
    let lock = File::open(folder).and_then(|folder| folder.lock().map(|()| folder));
    let path = folder.join("index.json");
    let unread = |error: &dyn std::fmt::Display| AttachError::Index(error.to_string());
    let index = fs_err::read(&path).map_err(|error| unread(&error))?;
    // Whatever else others wrote into it stays.
    let mut index: Map<String, Value> =
        serde_json::from_slice(&index).map_err(|error| unread(&error))?;
    let Some(Value::Array(listed)) = index.get_mut("manifests") else {
        return Err(unread(&"it lists no manifests"));
    };
    for referrer in referrers {
        let entry = serde_json::to_value(referrer.descriptor());
        listed.push(entry.map_err(|error| unread(&error))?);
    }
    let written = write(&path, &canonical_json(&index).map_err(|error| unread(&error))?);
    drop(lock);
    written
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), AttachError> {
    Ok(atomic::replace_file(path, ARTIFACT, |file| file.write_all(bytes))?)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use oci_spec::image::{Descriptor, MediaType};
    use serde_json::json;

    use super::*;
    use crate::image::Attachment;
    use crate::{SourceDate, digest};

    #[test]
    fn documents_that_are_attached_at_one_time_are_all_listed() {
        let folder = tempfile::tempdir().unwrap();
        fs_err::create_dir_all(folder.path().join("blobs/sha256")).unwrap();
        let index = folder.path().join("index.json");
        fs_err::write(&index, r#"{"schemaVersion":2,"manifests":[]}"#).unwrap();
        let subject =
            Descriptor::new(MediaType::ImageManifest, 1, digest::sha256(b"image").unwrap());
        thread::scope(|scope| {
            for number in 0..16 {
                let (folder, subject) = (folder.path(), &subject);
                scope.spawn(move || {
                    let sbom = Attachment::sbom(&json!(number)).unwrap();
                    let referrer = Referrer::new(&sbom, subject, SourceDate::default()).unwrap();
                    attach(folder, &[&referrer]).unwrap();
                });
            }
        });
        let index: Value = serde_json::from_slice(&fs_err::read(index).unwrap()).unwrap();
        assert_eq!(index["manifests"].as_array().unwrap().len(), 16);
    }
}
