use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::LogError;

/// The first bytes of gzip (RFC 1952).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Opens a log, or standard input for `-`, and inflates it where it is gzip.
pub(in crate::replay) fn open(path: &Path) -> Result<Box<dyn Read>, LogError> {
    let log = path.display().to_string();
    let opened = if path == Path::new("-") {
        inflated(io::stdin())
    } else {
        File::open(path).and_then(|file| {
            if file.metadata()?.is_dir() {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            inflated(file)
        })
    };
    opened.map_err(|error| match error.kind() {
        io::ErrorKind::IsADirectory => LogError::Folder { log },
        _ => LogError::Unreadable { log, error },
    })
}

fn inflated(mut from: impl Read + 'static) -> io::Result<Box<dyn Read>> {
    let mut head = Vec::new();
    (&mut from).take(GZIP.len() as u64).read_to_end(&mut head)?;
    let is_gzip = head == GZIP;
    let whole = Cursor::new(head).chain(from);
    // Of rotated logs and of uploads, several may stand one behind the other.
    Ok(if is_gzip { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) })
}
