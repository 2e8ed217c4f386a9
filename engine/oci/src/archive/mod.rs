//! Images as files: OCI image layouts, as archives and as folders.

mod docker;
mod relabel;

use std::borrow::Cow;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use policy_host::atomic::Artifact;
use policy_host::tree::create_folders_in;

use crate::SourceDate;
use crate::layer::tar::{self, Member};

pub use docker::DockerArchiveError;
pub use relabel::{RelabelError, relabel};

/// The content of `oci-layout`, the file that marks an OCI image layout.
pub(crate) const OCI_LAYOUT: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;
/// The folder of all blobs.
pub(crate) const BLOBS: &str = "blobs/sha256";
/// Images, for the functions of `policy_host::atomic`: a layout takes the place of another layout.
pub const ARTIFACT: Artifact =
    Artifact::new("image").replacing("an OCI image layout", "oci-layout");

/// The path and the content of a file.
pub(crate) type LayoutFile<'a> = (String, Cow<'a, [u8]>);

/// The files of a layout beside its blobs.
pub(crate) fn layout_files<'a>(index: Vec<u8>) -> [LayoutFile<'a>; 2] {
    [
        ("index.json".to_owned(), Cow::Owned(index)),
        ("oci-layout".to_owned(), Cow::Borrowed(OCI_LAYOUT)),
    ]
}

/// Writes the files of a layout, all of this date, as an archive.
pub(crate) fn write(
    out: &mut impl Write,
    created: SourceDate,
    files: &[LayoutFile<'_>],
) -> io::Result<()> {
    let mut members =
        vec![Member::Directory { path: "blobs/" }, Member::Directory { path: "blobs/sha256/" }];
    members.extend(files.iter().map(|(path, bytes)| Member::File { path, mode: 0o644, bytes }));
    tar::write(out, created, members)?.flush()
}

/// Writes the files of a layout into a folder.
pub(crate) fn write_folder(dir: &Path, files: &[LayoutFile<'_>]) -> io::Result<()> {
    create_folders_in(dir, Path::new(BLOBS))?;
    files.iter().try_for_each(|(path, bytes)| fs::write(dir.join(path), bytes))
}
