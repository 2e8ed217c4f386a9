//! Files and folders that are complete or not there: written elsewhere, then renamed. What is in a
//! folder that is there already is exchanged entry by entry.

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tempfile::{Builder, NamedTempFile, TempDir};

use crate::signals::{self, TEMP_PREFIX, TempPath};

/// The remedy where the system denies writing.
static DENIED_HELP: OnceLock<&str> = OnceLock::new();

/// Sets the remedy that errors name where the system denies writing, such as in a container. The
/// first one stays.
pub fn set_denied_help(help: &'static str) {
    let _ = DENIED_HELP.set(help);
}

/// A thing that is written: its name in error messages, and its rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Artifact {
    noun: &'static str,
    /// The mode of a new file, before the user's umask.
    mode: u32,
    /// An older file's permissions stay.
    keeps_permissions: bool,
    replaceable: Option<Marked>,
}

/// A folder that a file in it marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Marked {
    format: &'static str,
    file: &'static str,
}

impl Artifact {
    /// A file or folder that errors call by this noun. A folder takes the place of an empty one
    /// only.
    #[must_use]
    pub const fn new(noun: &'static str) -> Self {
        Self { noun, mode: 0o666, keeps_permissions: true, replaceable: None }
    }

    /// Makes new files executable.
    #[must_use]
    pub const fn executable(self) -> Self {
        Self { mode: 0o777, keeps_permissions: false, ..self }
    }

    /// Lets a folder take the place of one of the same format (`an OCI image layout`), which a file
    /// in it marks (`oci-layout`).
    #[must_use]
    pub const fn replacing(self, format: &'static str, marker: &'static str) -> Self {
        Self { replaceable: Some(Marked { format, file: marker }), ..self }
    }
}

/// Writes a file, in place of an older one if there is one.
///
/// A symbolic link stays, and its target is written. A dangling link is replaced.
///
/// # Errors
/// When the file cannot be written; an older one is then unchanged.
pub fn replace_file(
    path: &Path,
    artifact: Artifact,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<(), WriteError> {
    let fail = |problem| WriteError { noun: artifact.noun, path: path.to_owned(), problem };
    let (target, mut file, _temporary) = begin_file(path, artifact).map_err(fail)?;
    let parent = parent(&target).map_err(fail)?;
    let in_parent = |error: io::Error| fail(WriteProblem::from_io(parent, error));
    write(file.as_file_mut()).map_err(in_parent)?;
    signals::critical_section(|| file.persist(&target)).map_err(|error| in_parent(error.error))?;
    Ok(())
}

/// Checks that a file could be written, before the work for it begins.
///
/// # Errors
/// The errors of [`replace_file`].
pub fn check_file(path: &Path, artifact: Artifact) -> Result<(), WriteError> {
    match begin_file(path, artifact) {
        Ok(_) => Ok(()),
        Err(problem) => Err(WriteError { noun: artifact.noun, path: path.to_owned(), problem }),
    }
}

/// Creates the file that is to take the place of `path`, beside it.
fn begin_file(
    path: &Path,
    artifact: Artifact,
) -> Result<(PathBuf, NamedTempFile, TempPath), WriteProblem> {
    if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return Err(WriteProblem::Folder);
    }
    let target = through_links(path);
    let found = fs::metadata(&target).ok();
    match &found {
        Some(found) if found.is_dir() => return Err(WriteProblem::Folder),
        // A device or pipe would itself be replaced by a file.
        Some(found) if !found.is_file() => return Err(WriteProblem::Special),
        _ => {}
    }
    let parent = parent(&target)?;
    let permissions = Permissions::from_mode(artifact.mode);
    let make = || Builder::new().prefix(TEMP_PREFIX).permissions(permissions).tempfile_in(parent);
    let (file, temporary) = TempPath::create(make, NamedTempFile::path)
        .map_err(|error| WriteProblem::from_io(parent, error))?;
    if let Some(found) = found.filter(|_| artifact.keeps_permissions) {
        // The owner of the old file chose its permissions. Not all of them may be set.
        let _ = file.as_file().set_permissions(found.permissions());
    }
    Ok((target, file, temporary))
}

/// Writes a folder, in place of an empty one or of one that the artifact replaces.
///
/// # Errors
/// When the folder cannot be written, or holds something else; it is then unchanged.
pub fn replace_folder(
    path: &Path,
    artifact: Artifact,
    write: impl FnOnce(&Path) -> io::Result<()>,
) -> Result<(), WriteError> {
    let fail = |problem| WriteError { noun: artifact.noun, path: path.to_owned(), problem };
    let target = through_links(path);
    let (work, place, _temporary) = begin_folder(&target, artifact).map_err(fail)?;
    let in_place = |error: io::Error| fail(WriteProblem::from_io(place, error));
    let new = work.path().join("new");
    fs::create_dir(&new).and_then(|()| write(&new)).map_err(in_place)?;
    signals::critical_section(|| {
        if place == target { exchange(&target, &new, work) } else { fs::rename(&new, &target) }
    })
    .map_err(in_place)
}

/// Checks that a folder could be written, before the work for it begins.
///
/// # Errors
/// The errors of [`replace_folder`].
pub fn check_folder(path: &Path, artifact: Artifact) -> Result<(), WriteError> {
    match begin_folder(&through_links(path), artifact) {
        Ok(_) => Ok(()),
        Err(problem) => Err(WriteError { noun: artifact.noun, path: path.to_owned(), problem }),
    }
}

/// Creates a folder to work in, and tells where: beside the new one, or in one that is there, as that
/// may be mounted.
fn begin_folder(
    target: &Path,
    artifact: Artifact,
) -> Result<(TempDir, &Path, TempPath), WriteProblem> {
    let place = match fs::metadata(target) {
        Ok(found) if !found.is_dir() => return Err(WriteProblem::NoFolder),
        Ok(_) => {
            let mut entries =
                fs::read_dir(target).map_err(|error| WriteProblem::from_io(target, error))?;
            match artifact.replaceable {
                _ if entries.next().is_none() => {}
                Some(marked) if target.join(marked.file).is_file() => {}
                Some(marked) => return Err(WriteProblem::OtherFormat(marked)),
                None => return Err(WriteProblem::NotEmpty),
            }
            target
        }
        Err(_) => parent(target)?,
    };
    let make = || Builder::new().prefix(TEMP_PREFIX).tempdir_in(place);
    let (work, temporary) = TempPath::create(make, TempDir::path)
        .map_err(|error| WriteProblem::from_io(place, error))?;
    Ok((work, place, temporary))
}

/// Puts what is in the new folder in place of what is in the target, which the work folder is in. The
/// target itself stays, as it may be a mount, or the current folder of a process.
fn exchange(target: &Path, new: &Path, work: TempDir) -> io::Result<()> {
    // Whoever else writes there waits. Some network file systems have no locks.
    let _lock = File::open(target).and_then(|folder| folder.lock().map(|()| folder));
    let old = work.path().join("old");
    fs::create_dir(&old)?;
    exchange_entries(target, new, &old).map_err(|(error, restored)| {
        if restored.is_err() {
            // Nothing of what was there is lost.
            let _kept = work.keep();
        }
        error
    })
}

/// # Errors
/// Why it failed, and whether what was there is back.
fn exchange_entries(
    target: &Path,
    new: &Path,
    old: &Path,
) -> Result<(), (io::Error, io::Result<()>)> {
    move_entries(target, old).map_err(|error| (error, move_entries(old, target)))?;
    move_entries(new, target).map_err(|error| {
        let cleared = move_entries(target, new);
        (error, cleared.and_then(|()| move_entries(old, target)))
    })
}

/// Moves all that is in a folder, but for the folders that others work in.
fn move_entries(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let name = entry?.file_name();
        if !name.as_encoded_bytes().starts_with(TEMP_PREFIX.as_bytes()) {
            fs::rename(from.join(&name), to.join(name))?;
        }
    }
    Ok(())
}

fn through_links(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn parent(target: &Path) -> Result<&Path, WriteProblem> {
    let parent = match target.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => target,
    };
    if parent.is_dir() { Ok(parent) } else { Err(WriteProblem::NoParent(parent.to_owned())) }
}

/// A failure to write a file or folder.
#[derive(Debug, thiserror::Error)]
#[error("failed to write the {noun} to `{}`: {problem}", path.display())]
pub struct WriteError {
    noun: &'static str,
    path: PathBuf,
    problem: WriteProblem,
}

#[derive(Debug, thiserror::Error)]
enum WriteProblem {
    #[error("found a folder, expected a file\nhelp: add a file name")]
    Folder,
    #[error("found a device, pipe or socket, expected a file\nhelp: choose another name")]
    Special,
    #[error("found a file, expected a folder\nhelp: remove it, or choose another name")]
    NoFolder,
    #[error(
        "the folder is neither empty nor {} (it has no `{}` file), so it is left unchanged\n\
         help: remove it, or choose another name", .0.format, .0.file
    )]
    OtherFormat(Marked),
    #[error(
        "the folder is not empty, so it is left unchanged\nhelp: empty it, or choose another name"
    )]
    NotEmpty,
    #[error("there is no folder `{}`\nhelp: create it, or choose another", .0.display())]
    NoParent(PathBuf),
    #[error("no space is left in the folder `{}`\nhelp: free some, or choose another folder", .0.display())]
    Full(PathBuf),
    #[error("permission to write in the folder `{}` is denied\nhelp: {help}", folder.display())]
    Denied { folder: PathBuf, help: &'static str },
    #[error("cannot write in the folder `{}`: {}\nhelp: mend it, or choose another", .0.display(), .1)]
    Io(PathBuf, io::Error),
}

impl WriteProblem {
    fn from_io(parent: &Path, error: io::Error) -> Self {
        let parent = parent.to_owned();
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full(parent),
            ErrorKind::PermissionDenied => {
                let help = DENIED_HELP.get().copied().unwrap_or("choose another");
                Self::Denied { folder: parent, help }
            }
            ErrorKind::ReadOnlyFilesystem => {
                Self::Denied { folder: parent, help: "choose another" }
            }
            _ => Self::Io(parent, error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::fs::{MetadataExt as _, symlink};

    use tempfile::tempdir;

    use super::*;

    const IMAGE: Artifact = Artifact::new("image").replacing("an OCI image layout", "oci-layout");

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Writes half of what it should, then finds no more space.
    fn half(file: &mut File) -> io::Result<()> {
        file.write_all(b"ne")?;
        Err(ErrorKind::StorageFull.into())
    }

    fn layout(dir: &Path) -> io::Result<()> {
        fs::write(dir.join("oci-layout"), "new")
    }

    #[test]
    fn new_file_has_the_default_permissions() {
        let dir = tempdir().unwrap();
        let (plain, written) = (dir.path().join("plain"), dir.path().join("image.tar"));
        File::create(&plain).unwrap();
        replace_file(&written, IMAGE, |file| file.write_all(b"new")).unwrap();
        let mode = |path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&written), mode(&plain));
        assert_eq!(fs::read(&written).unwrap(), b"new");
        assert_eq!(names(dir.path()), ["image.tar", "plain"]);
    }

    #[test]
    fn old_file_stays_until_the_new_one_is_complete() {
        let dir = tempdir().unwrap();
        let path = dir.path().join("image.tar");
        fs::write(&path, "old and longer").unwrap();
        replace_file(&path, IMAGE, half).unwrap_err();
        assert_eq!(fs::read(&path).unwrap(), b"old and longer");
        replace_file(&path, IMAGE, |file| file.write_all(b"new")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names(dir.path()), ["image.tar"]);
    }

    #[test]
    fn full_disk_leaves_no_temporary_file() {
        let dir = tempdir().unwrap();
        let error = replace_file(&dir.path().join("image.tar"), IMAGE, half).unwrap_err();
        let dir = dir.path().display();
        assert_eq!(
            error.to_string(),
            format!(
                "failed to write the image to `{dir}/image.tar`: no space is left in the folder \
                 `{dir}`\nhelp: free some, or choose another folder"
            )
        );
        assert!(names(Path::new(&dir.to_string())).is_empty());
    }

    #[test]
    fn unwritable_folder_is_named() {
        let dir = tempdir().unwrap();
        let path = dir.path().join("image.tar");
        let message = |kind: ErrorKind| {
            replace_file(&path, IMAGE, |_| Err(kind.into())).unwrap_err().to_string()
        };
        let dir = dir.path().display();
        let denied = format!(
            "failed to write the image to `{dir}/image.tar`: permission to write in the folder \
             `{dir}` is denied\nhelp: choose another"
        );
        assert_eq!(message(ErrorKind::PermissionDenied), denied);
        assert_eq!(message(ErrorKind::ReadOnlyFilesystem), denied);
        assert_eq!(
            message(ErrorKind::TimedOut),
            format!(
                "failed to write the image to `{dir}/image.tar`: cannot write in the folder \
                 `{dir}`: timed out\nhelp: mend it, or choose another"
            )
        );
    }

    #[test]
    fn target_of_a_link_is_written() {
        let dir = tempdir().unwrap();
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        fs::write(&file, "old").unwrap();
        symlink("file", &link).unwrap();
        replace_file(&link, IMAGE, |file| file.write_all(b"new")).unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
    }

    #[test]
    fn folder_or_device_is_not_replaced_by_a_file() {
        let dir = tempdir().unwrap();
        let message = |path: &Path| {
            replace_file(path, IMAGE, |_| panic!("must not be written")).unwrap_err().to_string()
        };
        let shown = dir.path().display();
        assert_eq!(
            message(dir.path()),
            format!(
                "failed to write the image to `{shown}`: found a folder, expected a file\n\
                 help: add a file name"
            )
        );
        assert_eq!(
            message(Path::new("images/")),
            "failed to write the image to `images/`: found a folder, expected a file\n\
             help: add a file name"
        );
        assert_eq!(
            message(&dir.path().join("no/image.tar")),
            format!(
                "failed to write the image to `{shown}/no/image.tar`: there is no folder \
                 `{shown}/no`\nhelp: create it, or choose another"
            )
        );
        assert_eq!(
            message(Path::new("/dev/null")),
            "failed to write the image to `/dev/null`: found a device, pipe or socket, expected a \
             file\nhelp: choose another name"
        );
        assert!(names(dir.path()).is_empty());
    }

    #[test]
    fn empty_folder_or_older_layout_is_replaced() {
        let dir = tempdir().unwrap();
        let path = dir.path().join("image");
        replace_folder(&path, IMAGE, layout).unwrap();
        // It may be mounted: it is not renamed, and nothing is renamed into it from beside.
        let inside = |dir: &Path| {
            assert!(dir.starts_with(&path), "{dir:?}");
            layout(dir)
        };
        let inode = || fs::metadata(&path).unwrap().ino();
        let before = inode();
        fs::write(path.join("left-over"), "").unwrap();
        replace_folder(&path, IMAGE, inside).unwrap();
        assert_eq!((names(&path), inode()), (vec!["oci-layout".to_owned()], before));
        fs::remove_file(path.join("oci-layout")).unwrap();
        replace_folder(&path, IMAGE, inside).unwrap();
        assert_eq!((names(&path), inode()), (vec!["oci-layout".to_owned()], before));
        assert_eq!(fs::read(path.join("oci-layout")).unwrap(), b"new");
        assert_eq!(names(dir.path()), ["image"]);
    }

    #[test]
    fn what_was_there_is_back_or_kept_where_an_entry_cannot_be_moved() {
        let dir = tempdir().unwrap();
        let [target, new, old] = ["target", "new", "old"].map(|name| dir.path().join(name));
        for folder in [&target, &new, &old] {
            fs::create_dir(folder).unwrap();
        }
        for name in ["a", "b", "c"] {
            fs::write(target.join(name), "old").unwrap();
        }
        // A file does not take a folder's place.
        fs::create_dir_all(old.join("b/in")).unwrap();
        let (_, _restored) = exchange_entries(&target, &new, &old).unwrap_err();
        let is_somewhere = |name| [&target, &old].iter().any(|at| at.join(name).is_file());
        assert!(["a", "b", "c"].into_iter().all(is_somewhere));

        fs::remove_dir_all(&old).unwrap();
        fs::create_dir(&old).unwrap();
        for name in ["a", "b", "c"] {
            fs::write(target.join(name), "old").unwrap();
        }
        let (_, restored) =
            exchange_entries(&target, &dir.path().join("missing"), &old).unwrap_err();
        restored.unwrap();
        assert!(["a", "b", "c"].into_iter().all(|name| target.join(name).is_file()));
    }

    #[test]
    fn folder_of_another_format_is_unchanged() {
        let dir = tempdir().unwrap();
        let path = dir.path().join("image");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("thesis"), "").unwrap();
        let error = replace_folder(&path, IMAGE, layout).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "failed to write the image to `{}`: the folder is neither empty nor an OCI image \
                 layout (it has no `oci-layout` file), so it is left unchanged\n\
                 help: remove it, or choose another name",
                path.display()
            )
        );
        let file = path.join("thesis");
        assert_eq!(
            replace_folder(&file, IMAGE, layout).unwrap_err().to_string(),
            format!(
                "failed to write the image to `{}`: found a file, expected a folder\n\
                 help: remove it, or choose another name",
                file.display()
            )
        );
        assert_eq!(
            (names(dir.path()), names(&path)),
            (vec!["image".into()], vec!["thesis".into()])
        );
    }

    #[test]
    fn older_layout_stays_when_the_new_one_cannot_be_written() {
        let dir = tempdir().unwrap();
        let path = dir.path().join("image");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("oci-layout"), "old").unwrap();
        replace_folder(&path, IMAGE, |new| {
            layout(new)?;
            Err(ErrorKind::StorageFull.into())
        })
        .unwrap_err();
        assert_eq!(fs::read(path.join("oci-layout")).unwrap(), b"old");
        assert_eq!(names(dir.path()), ["image"]);
    }
}
