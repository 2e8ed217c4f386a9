use std::collections::BTreeMap;
use std::io::{Read, Write};

use oci_spec::OciSpecError;
use serde_json::{Map, Value};

use super::docker::{self, DockerArchiveError, DockerDocument};
use crate::digest;

const MANIFEST: &str = "manifest.json";

/// Adds labels to the one image of a Docker archive, on its way from `input` to `output`. `added`
/// gets the image's date. A label that the image has already stays, unless its key begins with
/// `owned_prefix`.
///
/// JSON documents come last in the output. All other members pass through unchanged, but that all
/// are root's.
///
/// # Errors
/// When the input is no such archive, or cannot be read, or the output cannot be written; a part of
/// the output may be written then.
pub fn relabel(
    input: impl Read,
    mut output: impl Write,
    owned_prefix: &str,
    added: impl FnOnce(Option<&str>) -> BTreeMap<String, String>,
) -> Result<(), RelabelError> {
    let mut documents = docker::copy_members(input, &mut output)?;
    let mut manifest = take(&mut documents, MANIFEST).ok_or(RelabelError::NoManifest)?;
    let mut images = manifest.parse()?;
    let image = only_image(&mut images)?;
    let config = image.get("Config").and_then(Value::as_str).ok_or(RelabelError::Manifest)?;
    let mut config =
        take(&mut documents, config).ok_or_else(|| RelabelError::NoConfig(config.to_owned()))?;

    let mut content = config.parse()?;
    let created = content.get("created").and_then(Value::as_str).map(str::to_owned);
    let own = labels_of(&mut content).ok_or_else(|| RelabelError::Config(config.name.clone()))?;
    for (key, value) in added(created.as_deref()) {
        if key.starts_with(owned_prefix) || !own.contains_key(&key) {
            own.insert(key, value.into());
        }
    }

    let content = serde_json::to_vec(&content).map_err(OciSpecError::from)?;
    let name = format!("{}.json", digest::sha256(&content)?.digest());
    config.replace(&name, content)?;
    image.insert("Config".to_owned(), name.into());
    manifest.replace(MANIFEST, serde_json::to_vec(&images).map_err(OciSpecError::from)?)?;
    Ok(docker::finish(&mut output, documents.into_iter().chain([config, manifest]))?)
}

fn take(documents: &mut Vec<DockerDocument>, name: &str) -> Option<DockerDocument> {
    let place = documents.iter().position(|document| document.is_named(name))?;
    Some(documents.remove(place))
}

/// The manifest's entry of the archive's one image.
fn only_image(images: &mut Value) -> Result<&mut Map<String, Value>, RelabelError> {
    match images.as_array_mut().map(Vec::as_mut_slice) {
        Some([Value::Object(image)]) => Ok(image),
        None | Some([_]) => Err(RelabelError::Manifest),
        Some(images) => Err(RelabelError::Images(images.len())),
    }
}

/// The labels in an image's configuration, which may have none so far.
fn labels_of(content: &mut Value) -> Option<&mut Map<String, Value>> {
    let mut object = content;
    for key in ["config", "Labels"] {
        object = object.as_object_mut()?.entry(key).or_insert(Value::Null);
        if object.is_null() {
            *object = Value::Object(Map::new());
        }
    }
    object.as_object_mut()
}

/// A failure to add labels to an image.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the variants are")]
pub enum RelabelError {
    #[error(transparent)]
    Archive(#[from] DockerArchiveError),
    #[error(
        "the image archive on standard input has no `manifest.json`: expected a Docker archive, \
         as `docker save` and nixpkgs' `dockerTools.streamLayeredImage` write it"
    )]
    NoManifest,
    #[error(
        "`manifest.json` in the image archive is not as Docker has it: expected a list of one \
         object, with the name of a file as `Config`"
    )]
    Manifest,
    #[error("the image archive holds {0} images, expected one\nhelp: label each one separately")]
    Images(usize),
    #[error(
        "`manifest.json` in the image archive names the configuration `{0}`, which is not among \
         the `.json` files at the archive's root"
    )]
    NoConfig(String),
    #[error(
        "the configuration `{0}` in the image archive is not as Docker has it: expected an object, \
         with an object as `config`, and in it one as `Labels`, where there are such"
    )]
    Config(String),
    #[error("failed to assemble the image's new configuration: {0}")]
    Document(#[from] OciSpecError),
}

#[cfg(test)]
mod tests;
