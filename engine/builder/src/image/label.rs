use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use oci_spec::OciSpecError;
use serde_json::{Map, Value};

use super::digest;
use super::docker_archive::{self, Document};
use crate::steps::image::labels;

const MANIFEST: &str = "manifest.json";

/// Adds labels to the one image of a Docker archive, on its way from `input` to `output`; they may
/// depend on the image's date. Labels that it has already stay, but for those on what is in it.
///
/// JSON documents come last, whatever their place was; all else is passed on as it is.
///
/// # Errors
/// When the input is no such archive, or something cannot be read or written; part of the output
/// may be written then.
pub(crate) fn label(
    input: impl Read,
    mut output: impl Write,
    added: impl FnOnce(Option<&str>) -> BTreeMap<String, String>,
) -> Result<(), LabelError> {
    let mut documents = docker_archive::pass_on(input, &mut output)?;
    let mut manifest = take(&mut documents, MANIFEST).ok_or(LabelError::NoManifest)?;
    let mut images = manifest.parse()?;
    let image = the_image(&mut images)?;
    let config = image.get("Config").and_then(Value::as_str).ok_or(LabelError::Manifest)?;
    let mut config =
        take(&mut documents, config).ok_or_else(|| LabelError::NoConfig(config.to_owned()))?;

    let mut content = config.parse()?;
    let created = content.get("created").and_then(Value::as_str).map(str::to_owned);
    let own = labels_of(&mut content).ok_or_else(|| LabelError::Config(config.name.clone()))?;
    for (key, value) in added(created.as_deref()) {
        // What an image is called is for its maker to say; what is in it is not.
        if key.starts_with(labels::FACTS) || !own.contains_key(&key) {
            own.insert(key, value.into());
        }
    }

    let content = serde_json::to_vec(&content).map_err(OciSpecError::from)?;
    let name = format!("{}.json", digest::of(&content)?.digest());
    config.replace(&name, content)?;
    image.insert("Config".to_owned(), name.into());
    manifest.replace(MANIFEST, serde_json::to_vec(&images).map_err(OciSpecError::from)?)?;
    docker_archive::finish(&mut output, documents.into_iter().chain([config, manifest]))
}

fn take(documents: &mut Vec<Document>, name: &str) -> Option<Document> {
    let place = documents.iter().position(|it| it.is_named(name))?;
    Some(documents.remove(place))
}

/// What the manifest says of the archive's one image.
fn the_image(images: &mut Value) -> Result<&mut Map<String, Value>, LabelError> {
    match images.as_array_mut().map(Vec::as_mut_slice) {
        Some([Value::Object(image)]) => Ok(image),
        None | Some([_]) => Err(LabelError::Manifest),
        Some(images) => Err(LabelError::Images(images.len())),
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

/// Why an image's labels are not added.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LabelError {
    #[error(
        "read the image archive from standard input: {0}; expected a plain tar archive, as \
         `docker save` and nixpkgs' `dockerTools.streamLayeredImage` write it"
    )]
    Read(io::Error),
    #[error(
        "the image archive on standard input is packed with gzip, expected a plain tar archive: \
         unpack it with `gunzip`, or take `dockerTools.streamLayeredImage`"
    )]
    Gzip,
    #[error("copy the image archive from standard input to standard output: {0}")]
    Copy(io::Error),
    #[error("write the image archive to standard output: {0}")]
    Write(io::Error),
    #[error(
        "`{0}` in the image archive is too large: expected at most 4 MiB for all JSON documents \
         together"
    )]
    Large(String),
    #[error(
        "the image archive on standard input has no `manifest.json`: expected a Docker archive, \
         as `docker save` and nixpkgs' `dockerTools.streamLayeredImage` write it"
    )]
    NoManifest,
    #[error("`{name}` in the image archive is not JSON: {error}")]
    NotJson { name: String, error: serde_json::Error },
    #[error(
        "`manifest.json` in the image archive is not as Docker has it: expected a list of one \
         object, with the name of a file as `Config`"
    )]
    Manifest,
    #[error("the image archive holds {0} images, expected one: label each by itself")]
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
    #[error("put the image's new configuration together: {0}")]
    Document(#[from] OciSpecError),
}

#[cfg(test)]
mod tests;
