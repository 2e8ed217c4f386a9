//! Docker archives as a stream of members, most of which only pass through.

use std::io::{self, Read, Write};
use std::path::Path;

use serde_json::Value;
use tar::{Archive, Header};

/// The bytes of one archive that are held in memory.
const LARGEST: u64 = 4 << 20;
/// The block size of tar, to which members are padded.
const BLOCK: u64 = 512;
/// Two empty blocks.
const END: [u8; 1024] = [0; 1024];
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A JSON document of an archive.
#[derive(Debug)]
pub(super) struct DockerDocument {
    pub(super) name: String,
    /// The members before it that say more of it than fits into a header.
    extensions: Vec<u8>,
    header: Header,
    pub(super) bytes: Vec<u8>,
}

/// Copies every member of an archive but the JSON documents at its root, and gives those. All are
/// root's: whose they were tells who ran the tool that packed them.
pub(super) fn copy_members(
    mut input: impl Read,
    output: &mut impl Write,
) -> Result<Vec<DockerDocument>, DockerArchiveError> {
    let mut start = Vec::new();
    input
        .by_ref()
        .take(GZIP.len() as u64)
        .read_to_end(&mut start)
        .map_err(DockerArchiveError::Read)?;
    if start == GZIP {
        return Err(DockerArchiveError::Gzip);
    }
    let mut archive = Archive::new(start.chain(input.by_ref()));
    let mut documents = Vec::new();
    let mut extensions = Vec::new();
    let (mut room, mut held) = (LARGEST, 0);
    // Raw: extensions of headers are to be passed on too.
    for entry in archive.entries().map_err(DockerArchiveError::Read)?.raw(true) {
        let mut entry = entry.map_err(DockerArchiveError::Read)?;
        let header = of_root(entry.header().clone());
        let name = String::from_utf8_lossy(&header.path_bytes()).into_owned();
        let kind = header.entry_type();
        let is_extension =
            kind.is_pax_local_extensions() || kind.is_gnu_longname() || kind.is_gnu_longlink();
        let is_document = kind.is_file() && is_document(&name);
        if !is_extension && !is_document {
            output.write_all(&extensions).map_err(DockerArchiveError::Write)?;
            room += held;
            (held, extensions) = (0, Vec::new());
            write_member(output, &header, entry)?;
            continue;
        }
        let size = entry.size();
        room = room.checked_sub(size).ok_or_else(|| DockerArchiveError::Large(name.clone()))?;
        if is_extension {
            held += size;
            write_extension(&mut extensions, header, entry)?;
        } else {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).map_err(DockerArchiveError::Read)?;
            documents.push(DockerDocument {
                name,
                extensions: std::mem::take(&mut extensions),
                header,
                bytes,
            });
            held = 0;
        }
    }
    // Whoever writes an archive may fill up the last block, and waits until it is taken.
    io::copy(&mut input, &mut io::sink()).map_err(DockerArchiveError::Read)?;
    Ok(documents)
}

/// Writes documents, and what ends an archive.
pub(super) fn finish(
    output: &mut impl Write,
    documents: impl IntoIterator<Item = DockerDocument>,
) -> Result<(), DockerArchiveError> {
    for document in documents {
        output.write_all(&document.extensions).map_err(DockerArchiveError::Write)?;
        write_member(output, &document.header, document.bytes.as_slice())?;
    }
    let ended = output.write_all(&END).and_then(|()| output.flush());
    ended.map_err(DockerArchiveError::Write)
}

impl DockerDocument {
    pub(super) fn is_named(&self, name: &str) -> bool {
        self.name.trim_start_matches("./") == name.trim_start_matches("./")
    }

    pub(super) fn parse(&self) -> Result<Value, DockerArchiveError> {
        serde_json::from_slice(&self.bytes)
            .map_err(|error| DockerArchiveError::NotJson { name: self.name.clone(), error })
    }

    /// Gives it another name and other contents; what else its header says stays.
    pub(super) fn replace(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), DockerArchiveError> {
        name.clone_into(&mut self.name);
        self.header.set_path(name).map_err(DockerArchiveError::Write)?;
        self.header.set_size(bytes.len() as u64);
        self.header.set_cksum();
        self.bytes = bytes;
        Ok(())
    }
}

fn is_document(name: &str) -> bool {
    let name = name.trim_start_matches("./");
    !name.contains('/') && Path::new(name).extension().is_some_and(|extension| extension == "json")
}

/// The header with the owner and the group 0, without their names.
fn of_root(mut header: Header) -> Header {
    header.set_uid(0);
    header.set_gid(0);
    if let Some(gnu) = header.as_gnu_mut() {
        (gnu.uname, gnu.gname) = Default::default();
    } else if let Some(ustar) = header.as_ustar_mut() {
        (ustar.uname, ustar.gname) = Default::default();
    }
    header.set_cksum();
    header
}

/// Writes what extends the next member's header, unless it only says of an owner.
fn write_extension(
    output: &mut impl Write,
    mut header: Header,
    mut extension: impl Read,
) -> Result<(), DockerArchiveError> {
    let mut bytes = Vec::new();
    extension.read_to_end(&mut bytes).map_err(DockerArchiveError::Read)?;
    if header.entry_type().is_pax_local_extensions()
        && let Some(kept) = without_owner(&bytes)
    {
        if kept.is_empty() {
            return Ok(());
        }
        header.set_size(kept.len() as u64);
        header.set_cksum();
        bytes = kept;
    }
    write_member(output, &header, bytes.as_slice())
}

/// The records of an extension but those of an owner; `None` where they are malformed. Each is
/// `LENGTH KEY=VALUE` and a line break, the length that of all this.
pub(super) fn without_owner(records: &[u8]) -> Option<Vec<u8>> {
    const OWNER: [&[u8]; 4] = [b"uid", b"gid", b"uname", b"gname"];
    let (mut rest, mut kept) = (records, Vec::new());
    while !rest.is_empty() {
        let space = rest.iter().position(|byte| *byte == b' ')?;
        let length = str::from_utf8(rest.get(..space)?).ok()?.parse().ok()?;
        let (record, behind) = rest.split_at_checked(length)?;
        let key = record.get(space + 1..)?.split(|byte| *byte == b'=').next()?;
        if !OWNER.contains(&key) {
            kept.extend(record);
        }
        rest = behind;
    }
    Some(kept)
}

fn write_member(
    output: &mut impl Write,
    header: &Header,
    mut bytes: impl Read,
) -> Result<(), DockerArchiveError> {
    output.write_all(header.as_bytes()).map_err(DockerArchiveError::Write)?;
    let copied = io::copy(&mut bytes, output).map_err(DockerArchiveError::Copy)?;
    let fill = copied.next_multiple_of(BLOCK) - copied;
    io::copy(&mut io::repeat(0).take(fill), output).map_err(DockerArchiveError::Write)?;
    Ok(())
}

/// A failure to read or copy a Docker archive.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the variants are")]
pub enum DockerArchiveError {
    #[error(
        "failed to read the image archive from standard input: {0}; expected a plain tar \
         archive, as `docker save` and nixpkgs' `dockerTools.streamLayeredImage` write it"
    )]
    Read(io::Error),
    #[error(
        "the image archive on standard input is packed with gzip, expected a plain tar archive\n\
         help: unpack it with `gunzip`, or take `dockerTools.streamLayeredImage`"
    )]
    Gzip,
    #[error("failed to copy the image archive from standard input to standard output: {0}")]
    Copy(io::Error),
    #[error("failed to write the image archive to standard output: {0}")]
    Write(io::Error),
    #[error(
        "`{0}` in the image archive is too large: expected at most 4 MiB for all JSON documents \
         together"
    )]
    Large(String),
    #[error("`{name}` in the image archive is not JSON: {error}")]
    NotJson { name: String, error: serde_json::Error },
}
