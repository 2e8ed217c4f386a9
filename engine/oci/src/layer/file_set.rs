use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path, PathBuf};

use tar::{Builder, EntryType};
use walkdir::WalkDir;

use super::tar as ustar;
use crate::SourceDate;

/// Files by their absolute place in an image. What they hold stays on disk until it is packed.
#[derive(Debug, Default)]
pub struct FileSet {
    entries: BTreeMap<PathBuf, FileEntry>,
}

#[derive(Debug)]
enum FileEntry {
    Folder { mode: u32 },
    Bytes { mode: u32, bytes: Vec<u8> },
    CopyOf(PathBuf),
    Link(PathBuf),
}

const FOLDER: u32 = 0o755;

impl FileSet {
    /// A folder, with these permissions.
    pub fn folder(&mut self, place: impl Into<PathBuf>, mode: u32) {
        let place = place.into();
        self.add_parents(&place);
        self.entries.insert(place, FileEntry::Folder { mode });
    }

    /// A file with this text.
    pub fn text(&mut self, place: impl Into<PathBuf>, text: String) {
        self.insert(place.into(), FileEntry::Bytes { mode: 0o644, bytes: text.into_bytes() });
    }

    /// Adds an executable file with these bytes.
    pub fn program(&mut self, place: impl Into<PathBuf>, bytes: Vec<u8>) {
        self.insert(place.into(), FileEntry::Bytes { mode: 0o755, bytes });
    }

    /// A copy of a file.
    pub fn copy(&mut self, place: impl Into<PathBuf>, source: PathBuf) {
        self.insert(place.into(), FileEntry::CopyOf(source));
    }

    /// A copy of what a folder holds, but for what `left_out` says of paths inside of it. Links
    /// stay links.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn copy_folder(
        &mut self,
        place: &Path,
        source: &Path,
        left_out: impl Fn(&Path) -> bool,
    ) -> io::Result<()> {
        let inside = |path: &Path| path.strip_prefix(source).unwrap_or(path).to_owned();
        let entries = WalkDir::new(source).into_iter();
        for entry in entries.filter_entry(|entry| !left_out(&inside(entry.path()))) {
            let entry = entry?;
            let place = place.join(inside(entry.path()));
            if entry.file_type().is_symlink() {
                self.insert(place, FileEntry::Link(fs_err::read_link(entry.path())?));
            } else if entry.file_type().is_file() {
                self.copy(place, entry.into_path());
            }
        }
        Ok(())
    }

    /// A file of this machine at the same place, with the links on the way to it.
    ///
    /// # Errors
    /// When the file, or a link on the way to it, cannot be read.
    pub fn copy_with_links(&mut self, path: &Path) -> io::Result<()> {
        let mut to_go: Vec<_> = parts(path).collect();
        to_go.reverse();
        let mut reached = PathBuf::from("/");
        while let Some(part) = to_go.pop() {
            if part == Path::new("..") {
                reached.pop();
                continue;
            }
            let next = reached.join(&part);
            if !fs_err::symlink_metadata(&next)?.is_symlink() {
                reached = next;
                continue;
            }
            let target = fs_err::read_link(&next)?;
            if target.is_absolute() {
                reached = PathBuf::from("/");
            }
            to_go.extend(parts(&target).collect::<Vec<_>>().into_iter().rev());
            self.insert(next, FileEntry::Link(target));
        }
        self.copy(reached.clone(), reached);
        Ok(())
    }

    /// Leaves out the files that another set has.
    pub fn remove_all(&mut self, other: &Self) {
        let is_folder = |entry: &FileEntry| matches!(entry, FileEntry::Folder { .. });
        self.entries.retain(|place, entry| is_folder(entry) || !other.entries.contains_key(place));
    }

    fn insert(&mut self, place: PathBuf, entry: FileEntry) {
        self.add_parents(&place);
        self.entries.insert(place, entry);
    }

    fn add_parents(&mut self, place: &Path) {
        for folder in place.ancestors().skip(1).filter(|folder| folder.parent().is_some()) {
            self.entries.entry(folder.to_owned()).or_insert(FileEntry::Folder { mode: FOLDER });
        }
    }

    /// Writes a tar archive: sorted, with nothing in the headers that depends on the machine.
    pub(super) fn write<W: Write>(&self, out: W, created: SourceDate) -> io::Result<W> {
        let mut tar = Builder::new(out);
        for (place, entry) in &self.entries {
            let path = place.strip_prefix("/").unwrap_or(place);
            let header = |kind, mode, size| ustar::header(kind, mode, size, created);
            match entry {
                FileEntry::Folder { mode } => {
                    let mut path = path.as_os_str().to_owned();
                    path.push("/");
                    tar.append_data(&mut header(EntryType::Directory, *mode, 0), path, io::empty())
                }
                FileEntry::Bytes { mode, bytes } => {
                    let mut header = header(EntryType::Regular, *mode, bytes.len() as u64);
                    tar.append_data(&mut header, path, bytes.as_slice())
                }
                FileEntry::CopyOf(source) => append_file(&mut tar, path, source, created),
                FileEntry::Link(target) => {
                    tar.append_link(&mut header(EntryType::Symlink, 0o777, 0), path, target)
                }
            }?;
        }
        tar.into_inner()
    }
}

fn append_file(
    tar: &mut Builder<impl Write>,
    path: &Path,
    source: &Path,
    created: SourceDate,
) -> io::Result<()> {
    let file = fs_err::File::open(source)?;
    let found = file.metadata()?;
    let mut header = ustar::header(EntryType::Regular, mode(&found), found.len(), created);
    let mut bytes = file.take(found.len());
    tar.append_data(&mut header, path, &mut bytes)?;
    if bytes.limit() > 0 {
        let words = format!("`{}` became shorter while it was read", source.display());
        return Err(io::Error::other(words));
    }
    Ok(())
}

/// The mode of a file: of its permissions only that of its owner to run it is kept.
fn mode(found: &Metadata) -> u32 {
    if found.permissions().mode() & 0o100 == 0 { 0o644 } else { 0o755 }
}

fn parts(path: &Path) -> impl Iterator<Item = PathBuf> {
    let kept = |part: &Component<'_>| matches!(part, Component::Normal(_) | Component::ParentDir);
    path.components().filter(kept).map(|part| PathBuf::from(part.as_os_str()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    /// The packed members as `MODE PATH`, links with `-> TARGET`, texts with `: TEXT`.
    fn packed(files: &FileSet) -> Vec<String> {
        let tar = files.write(Vec::new(), "7".parse().unwrap()).unwrap();
        let mut archive = tar::Archive::new(tar.as_slice());
        let line = |entry: io::Result<tar::Entry<'_, _>>| {
            let mut entry = entry.unwrap();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            let header = entry.header();
            assert_eq!((header.uid().unwrap(), header.mtime().unwrap()), (0, 7));
            let mode = header.mode().unwrap();
            let path = entry.path().unwrap().display().to_string();
            match entry.link_name().unwrap() {
                Some(target) => format!("{path} -> {}", target.display()),
                None if text.is_empty() => format!("{mode:o} {path}"),
                None => format!("{mode:o} {path}: {text}"),
            }
        };
        archive.entries().unwrap().map(line).collect()
    }

    #[test]
    fn members_are_sorted_and_have_their_folders() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("source");
        fs::create_dir_all(source.join("bin")).unwrap();
        fs::write(source.join("bin/tool"), "tool").unwrap();
        fs::set_permissions(source.join("bin/tool"), fs::Permissions::from_mode(0o700)).unwrap();
        fs::write(source.join("doc"), "left out").unwrap();
        symlink("tool", source.join("bin/link")).unwrap();
        let long = "n".repeat(120);
        let mut files = FileSet::default();
        files.copy_folder(Path::new("/opt"), &source, |inside| inside == Path::new("doc")).unwrap();
        files.folder("/var", 0o1777);
        files.text(format!("/etc/{long}"), "long".to_owned());
        assert_eq!(
            packed(&files),
            [
                "755 etc/",
                &format!("644 etc/{long}: long"),
                "755 opt/",
                "755 opt/bin/",
                "opt/bin/link -> tool",
                "755 opt/bin/tool: tool",
                "1777 var/",
            ]
        );
    }

    #[test]
    fn links_on_the_way_to_a_file_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        fs::create_dir_all(root.join("usr/lib/gcc")).unwrap();
        fs::write(root.join("usr/lib/libc.so.6"), "c").unwrap();
        symlink("usr/lib", root.join("lib")).unwrap();
        symlink("libc.so.6", root.join("usr/lib/libc.so")).unwrap();
        let mut files = FileSet::default();
        files.copy_with_links(&root.join("lib/gcc/../libc.so")).unwrap();
        let inside = root.strip_prefix("/").unwrap().display().to_string();
        let packed = packed(&files);
        let packed: Vec<_> = packed
            .iter()
            .filter(|line| line.contains("lib"))
            .map(|line| line.replace(&inside, ""))
            .collect();
        assert_eq!(
            packed,
            [
                "/lib -> usr/lib",
                "755 /usr/lib/",
                "/usr/lib/libc.so -> libc.so.6",
                "644 /usr/lib/libc.so.6: c",
            ]
        );
    }
}
