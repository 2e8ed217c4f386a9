//! Docker archives as a stream of members, most of which only pass through.

use std::io::{self, Read, Write};
use std::path::Path;

use serde_json::Value;
use tar::{Archive, Header};

use super::label::LabelError;

/// How many bytes are held in memory of one archive.
const LARGEST: u64 = 4 << 20;
/// What members are filled up to.
const BLOCK: u64 = 512;
/// Two empty blocks.
const END: [u8; 1024] = [0; 1024];
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A JSON document of an archive.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) name: String,
    /// The members before it that say more of it than fits into a header.
    extensions: Vec<u8>,
    header: Header,
    pub(super) bytes: Vec<u8>,
}

/// Copies every member of an archive but the JSON documents at its root, and gives those.
pub(super) fn pass_on(
    mut input: impl Read,
    output: &mut impl Write,
) -> Result<Vec<Document>, LabelError> {
    let mut start = Vec::new();
    input.by_ref().take(GZIP.len() as u64).read_to_end(&mut start).map_err(LabelError::Read)?;
    if start == GZIP {
        return Err(LabelError::Gzip);
    }
    let mut archive = Archive::new(start.chain(input.by_ref()));
    let mut documents = Vec::new();
    let mut extensions = Vec::new();
    let (mut room, mut held) = (LARGEST, 0);
    // Raw: extensions of headers are to be passed on too.
    for entry in archive.entries().map_err(LabelError::Read)?.raw(true) {
        let mut entry = entry.map_err(LabelError::Read)?;
        let header = entry.header().clone();
        let name = String::from_utf8_lossy(&header.path_bytes()).into_owned();
        let kind = header.entry_type();
        let is_extension =
            kind.is_pax_local_extensions() || kind.is_gnu_longname() || kind.is_gnu_longlink();
        let is_document = kind.is_file() && is_document(&name);
        if !is_extension && !is_document {
            output.write_all(&extensions).map_err(LabelError::Write)?;
            room += held;
            (held, extensions) = (0, Vec::new());
            write_member(output, &header, entry)?;
            continue;
        }
        let size = entry.size();
        room = room.checked_sub(size).ok_or_else(|| LabelError::Large(name.clone()))?;
        if is_extension {
            held += size;
            write_member(&mut extensions, &header, entry)?;
        } else {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).map_err(LabelError::Read)?;
            documents.push(Document {
                name,
                extensions: std::mem::take(&mut extensions),
                header,
                bytes,
            });
            held = 0;
        }
    }
    // Whoever writes an archive may fill up the last block, and waits until it is taken.
    io::copy(&mut input, &mut io::sink()).map_err(LabelError::Read)?;
    Ok(documents)
}

/// Writes documents, and what ends an archive.
pub(super) fn finish(
    output: &mut impl Write,
    documents: impl IntoIterator<Item = Document>,
) -> Result<(), LabelError> {
    for document in documents {
        output.write_all(&document.extensions).map_err(LabelError::Write)?;
        write_member(output, &document.header, document.bytes.as_slice())?;
    }
    let ended = output.write_all(&END).and_then(|()| output.flush());
    ended.map_err(LabelError::Write)
}

impl Document {
    pub(super) fn is_named(&self, name: &str) -> bool {
        self.name.trim_start_matches("./") == name.trim_start_matches("./")
    }

    pub(super) fn parse(&self) -> Result<Value, LabelError> {
        serde_json::from_slice(&self.bytes)
            .map_err(|error| LabelError::NotJson { name: self.name.clone(), error })
    }

    /// Gives it another name and other contents; what else its header says stays.
    pub(super) fn replace(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), LabelError> {
        name.clone_into(&mut self.name);
        self.header.set_path(name).map_err(LabelError::Write)?;
        self.header.set_size(bytes.len() as u64);
        self.header.set_cksum();
        self.bytes = bytes;
        Ok(())
    }
}

fn is_document(name: &str) -> bool {
    let name = name.trim_start_matches("./");
    !name.contains('/') && Path::new(name).extension().is_some_and(|it| it == "json")
}

fn write_member(
    output: &mut impl Write,
    header: &Header,
    mut bytes: impl Read,
) -> Result<(), LabelError> {
    output.write_all(header.as_bytes()).map_err(LabelError::Write)?;
    let copied = io::copy(&mut bytes, output).map_err(LabelError::Copy)?;
    let fill = copied.next_multiple_of(BLOCK) - copied;
    io::copy(&mut io::repeat(0).take(fill), output).map_err(LabelError::Write)?;
    Ok(())
}
