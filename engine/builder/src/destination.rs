//! Files and folders that are there whole or not at all: written beside their place, then renamed.

use std::fmt;
use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile, TempDir};

use crate::container;
use crate::interrupt::{self, Temporary};

const TEMPORARY: &str = ".policy-builder-";

/// Writes a file, in place of an older one if there is one.
///
/// A symbolic link stays: what it points to is written. One that points to nothing is replaced.
///
/// # Errors
/// When the file cannot be written there; what was there before is then still there.
pub(crate) fn replace_file(
    path: &Path,
    kind: Kind,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<(), DestinationError> {
    let fail = |problem| DestinationError { kind, path: path.to_owned(), problem };
    let (target, mut file, _temporary) = begin_file(path, kind).map_err(fail)?;
    let parent = parent(&target).map_err(fail)?;
    let in_parent = |error: io::Error| fail(Problem::io(parent, error));
    write(file.as_file_mut()).map_err(in_parent)?;
    interrupt::whole(|| file.persist(&target)).map_err(|error| in_parent(error.error))?;
    Ok(())
}

/// Finds out whether a file could be written, before the work for it begins.
///
/// # Errors
/// As [`replace_file`].
pub(crate) fn check_file(path: &Path, kind: Kind) -> Result<(), DestinationError> {
    match begin_file(path, kind) {
        Ok(_) => Ok(()),
        Err(problem) => Err(DestinationError { kind, path: path.to_owned(), problem }),
    }
}

/// Opens the file that is to take the place of `path`, beside it.
fn begin_file(path: &Path, kind: Kind) -> Result<(PathBuf, NamedTempFile, Temporary), Problem> {
    if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return Err(Problem::Directory);
    }
    let target = through_links(path);
    let found = fs::metadata(&target).ok();
    match &found {
        Some(found) if found.is_dir() => return Err(Problem::Directory),
        // A device or pipe would itself be replaced by a file.
        Some(found) if !found.is_file() => return Err(Problem::Special),
        _ => {}
    }
    let parent = parent(&target)?;
    let permissions = Permissions::from_mode(kind.mode());
    let make = || Builder::new().prefix(TEMPORARY).permissions(permissions).tempfile_in(parent);
    let (file, temporary) =
        Temporary::make(make, NamedTempFile::path).map_err(|error| Problem::io(parent, error))?;
    if let Some(found) = found.filter(|_| kind != Kind::Program) {
        // Who may read and run it is for whoever made it to say; what is not theirs to set stays.
        let _ = file.as_file().set_permissions(found.permissions());
    }
    Ok((target, file, temporary))
}

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Base,
    Image,
    Lock,
    Manifest,
    Policies,
    Policy,
    Program,
    Report,
}

impl Kind {
    /// What a new file of the kind begins with; the user's umask takes off the rest.
    fn mode(self) -> u32 {
        match self {
            Self::Program => 0o777,
            _ => 0o666,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Base => "base layer",
            Self::Image => "image",
            Self::Lock => "lock",
            Self::Manifest => "manifest",
            Self::Policies => "policies folder",
            Self::Policy => "policy crate",
            Self::Program => "program",
            Self::Report => "report",
        })
    }
}

/// Writes a folder, in place of an empty one; an image, as an OCI layout, also in place of an older
/// one.
///
/// # Errors
/// When the folder cannot be written there, or holds something else; it is then as it was.
pub(crate) fn replace_folder(
    path: &Path,
    kind: Kind,
    write: impl FnOnce(&Path) -> io::Result<()>,
) -> Result<(), DestinationError> {
    let fail = |problem| DestinationError { kind, path: path.to_owned(), problem };
    let target = through_links(path);
    let (work, exists, _temporary) = begin_folder(&target, kind).map_err(fail)?;
    let parent = parent(&target).map_err(fail)?;
    let in_parent = |error: io::Error| fail(Problem::io(parent, error));
    let new = work.path().join("new");
    fs::create_dir(&new).and_then(|()| write(&new)).map_err(in_parent)?;
    interrupt::whole(|| swap(&target, &new, exists, work)).map_err(in_parent)
}

/// Finds out whether a folder could be written, before the work for it begins.
///
/// # Errors
/// As [`replace_folder`].
pub(crate) fn check_folder(path: &Path, kind: Kind) -> Result<(), DestinationError> {
    match begin_folder(&through_links(path), kind) {
        Ok(_) => Ok(()),
        Err(problem) => Err(DestinationError { kind, path: path.to_owned(), problem }),
    }
}

/// Makes a folder to work in beside the new one, and tells whether something is to be replaced.
fn begin_folder(target: &Path, kind: Kind) -> Result<(TempDir, bool, Temporary), Problem> {
    let parent = parent(target)?;
    let in_parent = |error: io::Error| Problem::io(parent, error);
    let exists = match fs::metadata(target) {
        Ok(found) if !found.is_dir() => return Err(Problem::NoDirectory),
        Ok(_) => {
            let is_empty = fs::read_dir(target).map_err(in_parent)?.next().is_none();
            let is_layout = kind == Kind::Image && target.join("oci-layout").is_file();
            match kind {
                _ if is_empty || is_layout => true,
                Kind::Image => return Err(Problem::NoLayout),
                _ => return Err(Problem::NotEmpty),
            }
        }
        Err(_) => false,
    };
    let make = || Builder::new().prefix(TEMPORARY).tempdir_in(parent);
    let (work, temporary) = Temporary::make(make, TempDir::path).map_err(in_parent)?;
    Ok((work, exists, temporary))
}

/// Renames the new folder to its place, and the old one away first: a folder that is not empty
/// cannot be renamed over. An empty one stays and is filled: somebody may be working in it.
fn swap(target: &Path, new: &Path, exists: bool, work: TempDir) -> io::Result<()> {
    if exists && fs::read_dir(target)?.next().is_none() {
        for entry in fs::read_dir(new)? {
            let entry = entry?;
            fs::rename(entry.path(), target.join(entry.file_name()))?;
        }
        return Ok(());
    }
    let old = work.path().join("old");
    if exists {
        fs::rename(target, &old)?;
    }
    let renamed = fs::rename(new, target);
    if renamed.is_err() && exists && fs::rename(&old, target).is_err() {
        // Neither is in its place: better left behind than lost.
        let _kept = work.keep();
    }
    renamed
}

fn through_links(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn parent(target: &Path) -> Result<&Path, Problem> {
    let parent = match target.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => target,
    };
    if parent.is_dir() { Ok(parent) } else { Err(Problem::NoParent(parent.to_owned())) }
}

/// Why nothing could be written to some place.
#[derive(Debug, thiserror::Error)]
#[error("write the {kind} to `{}`: {problem}", path.display())]
pub(crate) struct DestinationError {
    kind: Kind,
    path: PathBuf,
    problem: Problem,
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("it is a folder, expected a file; add a file name")]
    Directory,
    #[error("it is a device, pipe or socket, expected a file; choose another name")]
    Special,
    #[error("it is a file, expected a folder; remove it, or choose another name")]
    NoDirectory,
    #[error(
        "the folder is neither empty nor an OCI image layout (it has no `oci-layout` file), so it \
         is left as it is; remove it, or choose another name"
    )]
    NoLayout,
    #[error("the folder is not empty, so it is left as it is; empty it, or choose another name")]
    NotEmpty,
    #[error("there is no folder `{}`; create it, or choose another", .0.display())]
    NoParent(PathBuf),
    #[error("no space is left in the folder `{}`; free some, or choose another folder", .0.display())]
    Full(PathBuf),
    #[error("you may not write in the folder `{}`; choose another", .0.display())]
    Denied(PathBuf),
    #[error(
        "the container's user may not write in `{}`: make the folder before Docker makes it as \
         root, and add `--user \"$(id -u):$(id -g)\"` to `docker run`", .0.display()
    )]
    DeniedInContainer(PathBuf),
    #[error("cannot write in the folder `{}`: {}; mend it, or choose another", .0.display(), .1)]
    Io(PathBuf, io::Error),
}

impl Problem {
    fn io(parent: &Path, error: io::Error) -> Self {
        let parent = parent.to_owned();
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full(parent),
            ErrorKind::PermissionDenied if container::image().is_some() => {
                Self::DeniedInContainer(parent)
            }
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Self::Denied(parent),
            _ => Self::Io(parent, error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::fs::symlink;

    use tempfile::tempdir;

    use super::*;

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
    fn a_file_is_made_with_the_permissions_of_any_new_file() {
        let dir = tempdir().unwrap();
        let (plain, written) = (dir.path().join("plain"), dir.path().join("image.tar"));
        File::create(&plain).unwrap();
        replace_file(&written, Kind::Image, |file| file.write_all(b"new")).unwrap();
        let mode = |path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&written), mode(&plain));
        assert_eq!(fs::read(&written).unwrap(), b"new");
        assert_eq!(names(dir.path()), ["image.tar", "plain"]);
    }

    #[test]
    fn an_old_file_stays_until_the_new_one_is_complete() {
        let dir = tempdir().unwrap();
        let path = dir.path().join("image.tar");
        fs::write(&path, "old and longer").unwrap();
        replace_file(&path, Kind::Image, half).unwrap_err();
        assert_eq!(fs::read(&path).unwrap(), b"old and longer");
        replace_file(&path, Kind::Image, |file| file.write_all(b"new")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names(dir.path()), ["image.tar"]);
    }

    #[test]
    fn a_full_disk_leaves_nothing_behind() {
        let dir = tempdir().unwrap();
        let error = replace_file(&dir.path().join("image.tar"), Kind::Image, half).unwrap_err();
        let dir = dir.path().display();
        assert_eq!(
            error.to_string(),
            format!(
                "write the image to `{dir}/image.tar`: no space is left in the folder `{dir}`; \
                 free some, or choose another folder"
            )
        );
        assert!(names(Path::new(&dir.to_string())).is_empty());
    }

    #[test]
    fn a_folder_that_cannot_be_written_to_is_named() {
        let dir = tempdir().unwrap();
        let path = dir.path().join("image.tar");
        let message = |kind: ErrorKind| {
            replace_file(&path, Kind::Image, |_| Err(kind.into())).unwrap_err().to_string()
        };
        let dir = dir.path().display();
        let denied = format!(
            "write the image to `{dir}/image.tar`: you may not write in the folder `{dir}`; choose \
             another"
        );
        assert_eq!(message(ErrorKind::PermissionDenied), denied);
        assert_eq!(message(ErrorKind::ReadOnlyFilesystem), denied);
        assert_eq!(
            message(ErrorKind::TimedOut),
            format!(
                "write the image to `{dir}/image.tar`: cannot write in the folder `{dir}`: timed \
                 out; mend it, or choose another"
            )
        );
    }

    #[test]
    fn a_link_is_written_through() {
        let dir = tempdir().unwrap();
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        fs::write(&file, "old").unwrap();
        symlink("file", &link).unwrap();
        replace_file(&link, Kind::Image, |file| file.write_all(b"new")).unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
    }

    #[test]
    fn a_place_where_no_file_can_be_is_refused() {
        let dir = tempdir().unwrap();
        let message = |path: &Path| {
            replace_file(path, Kind::Image, |_| panic!("must not be written"))
                .unwrap_err()
                .to_string()
        };
        let shown = dir.path().display();
        assert_eq!(
            message(dir.path()),
            format!(
                "write the image to `{shown}`: it is a folder, expected a file; add a file name"
            )
        );
        assert_eq!(
            message(Path::new("images/")),
            "write the image to `images/`: it is a folder, expected a file; add a file name"
        );
        assert_eq!(
            message(&dir.path().join("no/image.tar")),
            format!(
                "write the image to `{shown}/no/image.tar`: there is no folder `{shown}/no`; \
                 create it, or choose another"
            )
        );
        assert_eq!(
            message(Path::new("/dev/null")),
            "write the image to `/dev/null`: it is a device, pipe or socket, expected a file; \
             choose another name"
        );
        assert!(names(dir.path()).is_empty());
    }

    #[test]
    fn an_empty_folder_or_an_older_layout_is_replaced() {
        let dir = tempdir().unwrap();
        let path = dir.path().join("image");
        replace_folder(&path, Kind::Image, layout).unwrap();
        fs::write(path.join("left-over"), "").unwrap();
        replace_folder(&path, Kind::Image, layout).unwrap();
        assert_eq!(names(&path), ["oci-layout"]);
        fs::remove_file(path.join("oci-layout")).unwrap();
        replace_folder(&path, Kind::Image, layout).unwrap();
        assert_eq!(fs::read(path.join("oci-layout")).unwrap(), b"new");
        assert_eq!(names(dir.path()), ["image"]);
    }

    #[test]
    fn a_folder_of_something_else_is_left_alone() {
        let dir = tempdir().unwrap();
        let path = dir.path().join("image");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("thesis"), "").unwrap();
        let error = replace_folder(&path, Kind::Image, layout).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "write the image to `{}`: the folder is neither empty nor an OCI image layout (it \
                 has no `oci-layout` file), so it is left as it is; remove it, or choose another \
                 name",
                path.display()
            )
        );
        let file = path.join("thesis");
        assert_eq!(
            replace_folder(&file, Kind::Image, layout).unwrap_err().to_string(),
            format!(
                "write the image to `{}`: it is a file, expected a folder; remove it, or choose \
                 another name",
                file.display()
            )
        );
        assert_eq!(
            (names(dir.path()), names(&path)),
            (vec!["image".into()], vec!["thesis".into()])
        );
    }

    #[test]
    fn an_older_layout_stays_when_the_new_one_cannot_be_written() {
        let dir = tempdir().unwrap();
        let path = dir.path().join("image");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("oci-layout"), "old").unwrap();
        replace_folder(&path, Kind::Image, |new| {
            layout(new)?;
            Err(ErrorKind::StorageFull.into())
        })
        .unwrap_err();
        assert_eq!(fs::read(path.join("oci-layout")).unwrap(), b"old");
        assert_eq!(names(dir.path()), ["image"]);
    }
}
