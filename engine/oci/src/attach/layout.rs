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
    write(&path, &canonical_json(&index).map_err(|error| unread(&error))?)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), AttachError> {
    Ok(atomic::replace_file(path, ARTIFACT, |file| file.write_all(bytes))?)
}
