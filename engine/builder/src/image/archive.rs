use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::documents::{Blob, OCI_LAYOUT};
use super::ustar::{self, Member};
use super::{Image, SourceDate};
use crate::artifacts;
use policy_host::atomic::{self, WriteError};

pub(super) const BLOBS: &str = "blobs/sha256";

impl Image {
    /// Writes one archive for every loader: an OCI image layout that is a Docker archive too.
    pub(crate) fn write_archive(&self, out: &mut impl Write) -> io::Result<()> {
        let mut files = self.layout(&self.index);
        files.push(("manifest.json".to_owned(), &self.docker_manifest));
        write_files(out, self.created, &files)
    }

    /// Writes the archive to a file, which holds all of it or what it held before.
    pub(crate) fn write_archive_file(&self, path: &Path) -> Result<(), WriteError> {
        atomic::replace_file(path, artifacts::IMAGE, |file| self.write_archive(file))
    }

    /// Writes the image as a folder, in place of an empty one or of another image's.
    pub(crate) fn write_layout_dir(&self, dir: &Path) -> Result<(), WriteError> {
        atomic::replace_folder(dir, artifacts::IMAGE, |new| self.write_layout(new))
    }

    /// Writes the files of an OCI image layout into a folder.
    fn write_layout(&self, dir: &Path) -> io::Result<()> {
        fs::create_dir_all(dir.join(BLOBS))?;
        self.layout(&self.layout_index)
            .iter()
            .try_for_each(|(path, bytes)| fs::write(dir.join(path), bytes))
    }

    pub(super) fn layout<'a>(&'a self, index: &'a [u8]) -> Vec<(String, &'a [u8])> {
        let blobs = self.all_blobs().map(|blob: &Blob| (blob.path(), blob.bytes.as_slice()));
        let named = [("index.json", index), ("oci-layout", OCI_LAYOUT)];
        blobs.chain(named.map(|(path, bytes)| (path.to_owned(), bytes))).collect()
    }
}

/// Writes the files of a layout, all of this date, as an archive.
pub(super) fn write_files(
    out: &mut impl Write,
    created: SourceDate,
    files: &[(String, &[u8])],
) -> io::Result<()> {
    let mut members =
        vec![Member::Directory { path: "blobs/" }, Member::Directory { path: "blobs/sha256/" }];
    members.extend(files.iter().map(|(path, bytes)| Member::File { path, mode: 0o644, bytes }));
    ustar::write(out, created, members)?.flush()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Read as _;

    use oci_spec::image::{ImageIndex, ImageManifest};
    use serde_json::json;
    use tempfile::tempdir;

    use super::super::pack::tests::sample;
    use super::*;

    /// The files of the sample's archive; folders are left out.
    fn files() -> BTreeMap<String, Vec<u8>> {
        let mut archive = Vec::new();
        sample().write_archive(&mut archive).unwrap();
        let mut files = BTreeMap::new();
        for entry in tar::Archive::new(archive.as_slice()).entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            if entry.header().entry_type().is_file() {
                files.insert(entry.path().unwrap().display().to_string(), bytes);
            }
        }
        files
    }

    #[test]
    fn a_loader_of_oci_archives_finds_everything_from_the_index() {
        let mut files = files();
        assert_eq!(files.remove("oci-layout").unwrap(), br#"{"imageLayoutVersion":"1.0.0"}"#);
        let index = files.remove("index.json").unwrap();
        let index = ImageIndex::from_reader(index.as_slice()).unwrap();
        let mut blob = |descriptor: &oci_spec::image::Descriptor| {
            let path = format!("blobs/sha256/{}", descriptor.digest().digest());
            let bytes = files.remove(&path).unwrap();
            assert_eq!(bytes.len() as u64, descriptor.size());
            bytes
        };
        let [image] = index.manifests().as_slice() else { panic!("not one image: {index:?}") };
        let manifest = ImageManifest::from_reader(blob(image).as_slice()).unwrap();
        blob(manifest.config());
        manifest.layers().iter().for_each(|layer| drop(blob(layer)));
        assert_eq!(files.keys().collect::<Vec<_>>(), ["manifest.json"]);
    }

    #[test]
    fn a_loader_of_docker_archives_finds_everything_from_manifest_json() {
        let (image, files) = (sample(), files());
        let found: serde_json::Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
        let [config, base, program] =
            [&image.config, &image.layers[0].blob, &image.layers[1].blob].map(Blob::path);
        assert_eq!(
            found,
            json!([{
                "Config": config,
                "Layers": [base, program],
                "RepoTags": ["example.com:5000/team/policy-engine:v1"],
            }])
        );
        assert!([config, base, program].iter().all(|path| files.contains_key(path)));
    }

    #[test]
    fn the_folder_holds_the_same_files_but_dockers() {
        let dir = tempdir().unwrap();
        let path = dir.path().join("image");
        sample().write_layout_dir(&path).unwrap();
        let mut files = files();
        files.remove("manifest.json").unwrap();
        for (name, bytes) in &files {
            assert_eq!(&fs::read(path.join(name)).unwrap(), bytes, "{name}");
        }
        assert_eq!(fs::read_dir(path.join(BLOBS)).unwrap().count(), files.len() - 2);
        assert_eq!(fs::read_dir(&path).unwrap().count(), 3);
    }

    #[test]
    fn the_file_holds_the_archive() {
        let dir = tempdir().unwrap();
        let path = dir.path().join("image.tar");
        let mut archive = Vec::new();
        sample().write_archive(&mut archive).unwrap();
        sample().write_archive_file(&path).unwrap();
        assert_eq!(fs::read(path).unwrap(), archive);
    }

    #[test]
    fn a_writer_that_fails_midway_is_noticed() {
        struct Limited(usize);
        impl Write for Limited {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                let taken = bytes.len().min(self.0);
                self.0 -= taken;
                if taken == 0 { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(taken) }
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut archive = Vec::new();
        let image = sample();
        image.write_archive(&mut archive).unwrap();
        for limit in [0, 511, 512, archive.len() / 2, archive.len() - 1] {
            let error = image.write_archive(&mut Limited(limit)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "after {limit} bytes");
        }
        image.write_archive(&mut Limited(archive.len())).unwrap();
    }
}
