use std::io::{self, Write};

use tar::{Builder, EntryType, Header};

use crate::SourceDate;

/// A folder or file in a tar archive.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Member<'a> {
    Directory { path: &'a str },
    File { path: &'a str, mode: u32, bytes: &'a [u8] },
}

impl Member<'_> {
    fn path(&self) -> &str {
        match self {
            Self::Directory { path } | Self::File { path, .. } => path,
        }
    }
}

/// Writes the members, sorted, with nothing in their headers that depends on the machine.
pub(crate) fn write<W: Write>(
    out: W,
    created: SourceDate,
    mut members: Vec<Member<'_>>,
) -> io::Result<W> {
    members.sort_unstable_by(|one, other| one.path().cmp(other.path()));
    let mut tar = Builder::new(out);
    for member in members {
        let (kind, mode, bytes) = match member {
            Member::Directory { .. } => (EntryType::Directory, 0o755, [].as_slice()),
            Member::File { mode, bytes, .. } => (EntryType::Regular, mode, bytes),
        };
        let mut header = header(kind, mode, bytes.len() as u64, created);
        header.set_path(member.path())?;
        header.set_cksum();
        tar.append(&header, bytes)?;
    }
    tar.into_inner()
}

/// A header, but for the member's path and the checksum.
pub(crate) fn header(kind: EntryType, mode: u32, size: u64, created: SourceDate) -> Header {
    let mut header = Header::new_ustar();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(created.seconds());
    header.set_size(size);
    header
}

#[cfg(test)]
mod tests {
    use tar::Archive;

    use super::*;

    #[test]
    fn members_are_sorted_and_their_headers_fixed() {
        let members = vec![
            Member::File { path: "bin/b", mode: 0o755, bytes: b"two" },
            Member::File { path: "bin/a", mode: 0o644, bytes: b"" },
            Member::Directory { path: "bin/" },
        ];
        let tar = write(Vec::new(), SourceDate::LATEST, members).unwrap();
        let mut archive = Archive::new(tar.as_slice());
        let found: Vec<_> = archive
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let header = entry.header();
                let ustar = header.as_ustar().unwrap();
                assert_eq!((&ustar.magic, &ustar.version), (b"ustar\0", b"00"));
                assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0));
                assert_eq!((ustar.username_bytes(), ustar.groupname_bytes()), (&[][..], &[][..]));
                assert_eq!(&ustar.mtime, b"77777777777\0");
                (entry.path().unwrap().display().to_string(), header.mode().unwrap(), entry.size())
            })
            .collect();
        assert_eq!(
            found,
            [("bin/".into(), 0o755, 0), ("bin/a".into(), 0o644, 0), ("bin/b".into(), 0o755, 3)]
        );
    }
}
