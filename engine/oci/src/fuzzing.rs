//! Checks of what has to hold for any image of a stranger. The fuzz targets in `tests/fuzz` call them
//! with arbitrary bytes; each panics where something does not hold.

use std::io::{self, Write};

use tar::{Builder, Header};

use crate::archive::relabel;
use crate::store::{Layout, Store};
use crate::{Reference, sha256};

/// Ends a member of [`Members`].
const END_OF_MEMBER: u8 = 0xff;

/// Checks the parser of references: what it takes it prints, and takes again as the same.
///
/// # Panics
/// When that does not hold.
pub fn reference(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(reference) = text.parse::<Reference>() else { return };
    assert_eq!(reference.to_string().parse().as_ref(), Ok(&reference), "{reference}");
    let repository = reference.repository();
    assert!(!repository.registry().is_empty() && !repository.path().is_empty());
    // The registry and the `library/` of a short name may make it too long.
    if let Ok(full) = reference.full_name().parse::<Reference>() {
        assert_eq!(full.repository(), repository);
        assert_eq!(full.tag(), reference.tag());
    }
}

/// Checks the reader of OCI archives: whatever it reads has the digest and the size that it was asked
/// for.
///
/// # Panics
/// When that does not hold.
pub fn oci_archive(data: &[u8]) {
    let archive = archive_of(data);
    let Ok(mut file) = tempfile::NamedTempFile::new() else { return };
    if file.write_all(&archive).is_err() {
        return;
    }
    let Ok(layout) = Layout::open(file.path()) else { return };
    let Ok(root) = layout.root() else { return };
    let mut blobs = vec![root.clone()];
    if let Ok(referrers) = layout.referrers(root.digest()) {
        assert!(referrers.iter().all(|referrer| referrer.artifact_type().is_some()));
        blobs.extend(referrers);
    }
    for blob in blobs {
        if let Ok(bytes) = layout.read(&blob) {
            assert_eq!(bytes.len() as u64, blob.size());
            assert_eq!(sha256(&bytes).ok().as_ref(), Some(blob.digest()));
            // What a Docker archive is laid out as has documents that it has not.
            assert!(bytes.len() <= archive.len().max(16 << 20));
        }
    }
}

/// Checks what adds labels to Docker archives: doing it again changes nothing.
///
/// # Panics
/// When that does not hold.
pub fn docker_archive(data: &[u8]) {
    let labelled = |archive: &[u8]| {
        let mut output = Vec::new();
        let labels = [("own.a", "1"), ("b", "2")];
        let labels = labels.map(|(key, value)| (key.to_owned(), value.to_owned()));
        relabel(archive, &mut output, "own.", |_| labels.into()).ok().map(|()| output)
    };
    let archive = archive_of(data);
    if let Some(once) = labelled(&archive) {
        assert_eq!(labelled(&once).as_ref(), Some(&once));
    }
}

/// The archive that bytes stand for: themselves after a 0, and otherwise what [`packed`] makes of
/// them. Whatever changes a byte of a real archive breaks a checksum or a digest in it, and no more of
/// it is read.
fn archive_of(data: &[u8]) -> Vec<u8> {
    match data {
        [0, raw @ ..] => raw.to_vec(),
        described => packed(described).unwrap_or_default(),
    }
}

/// Packs members, each a name and its content on the following lines.
///
/// A member named `blob` lies where its digest says. Of the blobs before it a member may have the
/// digest, `$0`, and the size, `#0`.
fn packed(described: &[u8]) -> io::Result<Vec<u8>> {
    let mut archive = Builder::new(Vec::new());
    let mut blobs: Vec<(String, usize)> = Vec::new();
    for member in described.split(|byte| *byte == END_OF_MEMBER) {
        let text = String::from_utf8_lossy(member);
        let (name, content) = text.split_once('\n').unwrap_or((&text, ""));
        let mut content = content.to_owned();
        for (index, (digest, size)) in blobs.iter().enumerate() {
            content = content.replace(&format!("${index}"), digest);
            content = content.replace(&format!("#{index}"), &size.to_string());
        }
        let mut path = name.to_owned();
        if name == "blob" {
            let digest = sha256(content.as_bytes()).map_err(io::Error::other)?.digest().to_owned();
            path = format!("blobs/sha256/{digest}");
            blobs.push((digest, content.len()));
        }
        let mut header = Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, path, content.as_bytes())?;
    }
    archive.into_inner()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// Runs a check on the inputs that its fuzz target starts from, and those that it once failed at.
    fn assert_corpus_holds(target: &str, check: fn(&[u8])) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz");
        let inputs: Vec<_> = fs::read_dir(folder.join("corpus").join(target)).unwrap().collect();
        assert!(!inputs.is_empty(), "the corpus of `{target}` is empty");
        for input in inputs {
            check(&fs::read(input.unwrap().path()).unwrap());
        }
        // Only a fuzzer compiles it.
        let program = fs::read_to_string(folder.join(format!("targets/{target}.rs"))).unwrap();
        let call = format!("policy_oci::fuzzing::{target}(data)");
        assert!(program.contains(&call), "{program}");
    }

    #[test]
    fn fuzz_target_accepts_the_reference_corpus() {
        assert_corpus_holds("reference", reference);
    }

    #[test]
    fn fuzz_target_accepts_the_oci_archive_corpus() {
        assert_corpus_holds("oci_archive", oci_archive);
    }

    #[test]
    fn fuzz_target_accepts_the_docker_archive_corpus() {
        assert_corpus_holds("docker_archive", docker_archive);
    }

    /// Without this the targets could run for ever and see nothing but refusals.
    #[test]
    fn described_archives_are_read() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/corpus");
        let archive = |name: &str| archive_of(&fs::read(corpus.join(name)).unwrap());
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&archive("oci_archive/image")).unwrap();
        let layout = Layout::open(file.path()).unwrap();
        let root = layout.root().unwrap();
        layout.read(&root).unwrap();
        assert_eq!(layout.referrers(root.digest()).unwrap().len(), 1);

        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&archive("oci_archive/docker-image")).unwrap();
        Layout::open(file.path()).unwrap();

        let mut output = Vec::new();
        relabel(&*archive("docker_archive/image"), &mut output, "", |_| [].into()).unwrap();
    }
}
