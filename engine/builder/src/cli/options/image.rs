use std::path::{Path, PathBuf};

use policy_host::atomic::{self, WriteError};
use policy_oci::{Compression, Image, MultiPlatform, Reference, ReferenceError, SourceDate};

use super::super::Failure;
use crate::steps::image::ImageOptions;

/// The archive of those who name none.
const DEFAULT: &str = "policy-engine.tar";

/// The destination, the name, the date and the compression of an image.
#[derive(Debug, clap::Args)]
pub(crate) struct ImageArgs {
    /// The file to write the archive to, for `docker load`, `podman load` and `skopeo` [default:
    /// policy-engine.tar, unless `--oci-layout` is given]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Writes the image as an OCI image layout, in a folder
    #[arg(long, value_name = "DIR")]
    oci_layout: Option<PathBuf>,
    /// The image's repository
    #[arg(long, env = "POLICY_ENGINE_IMAGE_REPO", default_value = "policy-engine")]
    repo: String,
    /// The image's tag
    #[arg(long, env = "POLICY_ENGINE_TAG", default_value = "latest")]
    tag: String,
    /// The date of the image and of the files in it, in seconds since 1970
    #[arg(
        long,
        value_name = "SECONDS",
        env = "SOURCE_DATE_EPOCH",
        default_value = "0",
        hide_default_value = true
    )]
    created: SourceDate,
    /// The compression of the layers: `gzip`, or `zstd`, which is smaller; Docker reads that since 23,
    /// so it is for `--oci-layout` and registries, and no archive has it
    #[arg(long, value_name = "COMPRESSION", default_value_t)]
    compression: Compression,
}

impl ImageArgs {
    /// The image's name, date and compression.
    pub(crate) fn options(&self) -> Result<ImageOptions, ReferenceError> {
        let name = Reference::parse_name(&format!("{}:{}", self.repo, self.tag))?;
        Ok(ImageOptions { name, created: self.created, compression: self.compression })
    }

    /// Checks that the image can be written, before the work for it begins.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if let Some(path) = self.archive() {
            if self.compression == Compression::Zstd {
                return Err(Failure::ZstdArchive);
            }
            atomic::check_file(path, policy_oci::archive::ARTIFACT)?;
        }
        if let Some(folder) = &self.oci_layout {
            atomic::check_folder(folder, policy_oci::archive::ARTIFACT)?;
        }
        Ok(())
    }

    /// Writes the image, and returns where.
    pub(crate) fn write(&self, image: &Image) -> Result<String, WriteError> {
        self.write_by(|path| image.write_archive_file(path), |dir| image.write_layout_dir(dir))
    }

    /// Writes the image of several platforms, and tells where. Loaders that know no index get
    /// `docker` from its archive.
    pub(crate) fn write_joined(
        &self,
        whole: &MultiPlatform,
        docker: Option<&Image>,
    ) -> Result<String, WriteError> {
        let archive = |path: &Path| whole.write_archive_file(path, self.created, docker);
        self.write_by(archive, |dir| whole.write_layout_dir(dir))
    }

    fn write_by(
        &self,
        archive: impl FnOnce(&Path) -> Result<(), WriteError>,
        layout: impl FnOnce(&Path) -> Result<(), WriteError>,
    ) -> Result<String, WriteError> {
        if let Some(path) = self.archive() {
            archive(path)?;
        }
        if let Some(folder) = &self.oci_layout {
            layout(folder)?;
        }
        let written = [self.archive(), self.oci_layout.as_deref()];
        let written = written.into_iter().flatten().map(|path| path.display().to_string());
        Ok(written.collect::<Vec<_>>().join(", "))
    }

    /// The path of the archive, where there is one.
    pub(crate) fn archive_path(&self) -> &Path {
        self.output.as_deref().unwrap_or(Path::new(DEFAULT))
    }

    /// The path of the archive, when there is to be one.
    fn archive(&self) -> Option<&Path> {
        (self.output.is_some() || self.oci_layout.is_none()).then(|| self.archive_path())
    }
}
