use std::fs;

use flate2::read::GzDecoder;
use oci_spec::image::ImageManifest;
use proptest::prelude::*;
use serde_json::json;
use tar::{Builder, EntryType, Header};

use super::*;
use crate::digest::sha256;
use crate::image::Image;
use crate::image::tests::with_documents;
use crate::layer::GzipWriter;
use crate::store::{Layout, Store, document};

type File<'a> = (&'a str, &'a [u8]);

fn header(size: usize) -> Header {
    let mut header = Header::new_ustar();
    header.set_size(size as u64);
    header.set_mode(0o644);
    header
}

fn archive(files: &[File<'_>]) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    for (name, bytes) in files {
        tar.append_data(&mut header(bytes.len()), name, *bytes).unwrap();
    }
    tar.into_inner().unwrap()
}

/// An image as dockerTools would write it: its layers unpacked, its documents last.
fn docker_archive(image: &Image) -> Vec<u8> {
    let root = image.root().unwrap();
    let manifest: ImageManifest = document(image, &root, LARGEST_MANIFEST).unwrap();
    let config = Store::read(image, manifest.config()).unwrap();
    let name = format!("{}.json", manifest.config().digest().digest());
    let mut files = Vec::new();
    for layer in manifest.layers() {
        let mut unpacked = Vec::new();
        let packed = Store::read(image, layer).unwrap();
        GzDecoder::new(packed.as_slice()).read_to_end(&mut unpacked).unwrap();
        files.push((format!("{}/layer.tar", sha256(&unpacked).unwrap().digest()), unpacked));
    }
    let layers: Vec<_> = files.iter().map(|(name, _)| name).collect();
    let listed =
        json!([{"Config": name, "RepoTags": [image.name().to_string()], "Layers": layers}]);
    files.push((name.clone(), config));
    files.push((MANIFEST.to_owned(), listed.to_string().into_bytes()));
    let files: Vec<_> = files.iter().map(|(name, bytes)| (name.as_str(), &**bytes)).collect();
    archive(&files)
}

fn open(archive: &[u8]) -> Result<Layout, String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), archive).unwrap();
    Layout::open(file.path()).map_err(|error| {
        error.to_string().replace(
            "; expected an OCI image layout (a folder or an archive) or a Docker archive",
            "",
        )
    })
}

fn packed(archive: &[u8]) -> Vec<u8> {
    let mut gzip = GzipWriter::new(Vec::new()).unwrap();
    gzip.write_all(archive).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn docker_archive_is_the_image_that_it_was_made_of() {
    let image = with_documents();
    let archive = docker_archive(&image);
    for archive in [packed(&archive), archive] {
        let layout = open(&archive).unwrap();
        let root = layout.root().unwrap();
        assert_eq!(root.digest(), image.manifest_digest());
        let name = &root.annotations().as_ref().unwrap()[manifest::ANNOTATION_FULL_NAME];
        assert_eq!(*name, image.name().full_name());
        let manifest: ImageManifest = document(&layout, &root, LARGEST_MANIFEST).unwrap();
        for blob in manifest.layers().iter().chain([manifest.config()]) {
            assert_eq!(layout.read(blob).unwrap(), Store::read(&image, blob).unwrap());
        }
        assert_eq!(layout.referrers(root.digest()).unwrap(), []);
    }
}

#[test]
fn hostile_docker_archives_are_refused() {
    let refused = |files: &[File<'_>]| open(&archive(files)).unwrap_err();
    let diff_id = sha256(b"layer").unwrap().to_string();
    let config = json!({"rootfs": {"diff_ids": [diff_id]}}).to_string();
    let config = ("c.json", config.as_bytes());
    let layer: File<'_> = ("l/layer.tar", b"layer");
    let list = |text: &'static str| (MANIFEST, text.as_bytes());
    let one = list(r#"[{"Config":"c.json","RepoTags":null,"Layers":["./l/layer.tar"]}]"#);
    open(&archive(&[layer, config, one])).unwrap();

    assert_eq!(
        refused(&[config, one]),
        "its `manifest.json` names `./l/layer.tar`, which is none of its files"
    );
    assert_eq!(
        refused(&[layer, one]),
        "its `manifest.json` names `c.json`, which is none of its files"
    );
    assert_eq!(refused(&[layer, config, layer, one]), "it holds `l/layer.tar` twice");
    let other: File<'_> = ("l/layer.tar", b"other");
    assert_eq!(
        refused(&[other, config, one]),
        format!(
            "its layer `./l/layer.tar` is `{}`, and its configuration says `{diff_id}`",
            sha256(b"other").unwrap()
        )
    );
    assert_eq!(
        refused(&[config, list(r#"[{"Config":"c.json","Layers":[]}]"#)]),
        "its `manifest.json` lists 0 layers, and its configuration 1"
    );
    assert_eq!(refused(&[list("[]")]), "it holds no image, expected one image");
    let two = list(r#"[{"Config":"a.json","Layers":[]},{"Config":"b.json","Layers":[]}]"#);
    assert_eq!(refused(&[two]), "it holds 2 images (`a.json`, `b.json`), expected one image");
    assert_eq!(
        refused(&[list("[")]),
        "its `manifest.json` is not as Docker has it: EOF while parsing a list at line 1 column 1"
    );
    let large = vec![b' '; (4 << 20) + 1];
    assert_eq!(
        refused(&[("x.json", &large), one]),
        "its `x.json` has 4194305 bytes, expected at most 4194304"
    );
    let (whole, oci) = (archive(&[layer, config, one]), archive(&[one, ("oci-layout", b"{}")]));
    assert_eq!(
        open(&packed(&oci)).unwrap_err(),
        "it is packed with gzip\nhelp: unpack it with `gunzip`"
    );
    assert!(open(&packed(&whole[..600])).unwrap_err().starts_with("it is not a tar archive: "));
    assert_eq!(open(&packed(&archive(&[layer]))).unwrap_err(), "it has no `manifest.json`");

    let mut tar = Builder::new(Vec::new());
    let mut link = header(0);
    link.set_entry_type(EntryType::Symlink);
    tar.append_link(&mut link, layer.0, "/etc/passwd").unwrap();
    for (name, bytes) in [config, one] {
        tar.append_data(&mut header(bytes.len()), name, bytes).unwrap();
    }
    assert_eq!(
        open(&tar.into_inner().unwrap()).err().unwrap(),
        "its `manifest.json` names `./l/layer.tar`, which is none of its files"
    );
}

#[test]
fn unpacking_ends_at_the_limit() {
    let mut bounded = Bounded { inner: io::repeat(0), left: 10 };
    let error = io::copy(&mut bounded, &mut io::sink()).unwrap_err();
    assert_eq!(error.to_string(), "it unpacks to more than 17179869184 bytes");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damaged_docker_archive_never_panics(
        cut in 0..4096_usize,
        changes in proptest::collection::vec((0..8192_usize, any::<u8>()), 1..4),
        is_packed in any::<bool>(),
    ) {
        let mut input = docker_archive(&with_documents());
        if is_packed {
            input = packed(&input);
        }
        for (place, byte) in changes {
            if let Some(changed) = input.get_mut(place) {
                *changed = byte;
            }
        }
        input.truncate(input.len().saturating_sub(cut));
        let _ = open(&input);
    }
}
