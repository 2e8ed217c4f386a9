//! Unix sockets and their files.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixSocket, UnixStream};
use tracing::{info, warn};

use super::error::BindError;
use super::socket::BACKLOG;

/// The file of a socket, removed when this is dropped.
#[derive(Debug)]
pub(crate) struct UnixSocketFile {
    path: PathBuf,
    /// Device and inode, as another server may have replaced the file.
    identity: (u64, u64),
}

impl Drop for UnixSocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|identity| identity == self.identity)
            && let Err(error) = fs::remove_file(&self.path)
        {
            warn!("failed to remove `{}`: {error}", self.path.display());
        }
    }
}

/// Listens on `path`, with the permissions `mode`.
pub(super) async fn listen(
    path: &Path,
    mode: u32,
    url: &str,
) -> Result<(UnixListener, UnixSocketFile), BindError> {
    let bind = || {
        let socket = UnixSocket::new_stream()?;
        socket.bind(path).map(|()| socket)
    };
    let bound = match bind() {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            remove_stale(path, url).await?;
            bind()
        }
        bound => bound,
    };
    let listen = |socket: UnixSocket| {
        let file = UnixSocketFile { path: path.to_owned(), identity: identity(path)? };
        // Nobody can connect before the socket listens, so this is the time to set permissions. It
        // needs neither the process's umask nor another name in between.
        fs::set_permissions(path, Permissions::from_mode(mode))?;
        Ok((socket.listen(BACKLOG)?, file))
    };
    bound.and_then(listen).map_err(|error| BindError::new(url.to_owned(), error))
}

/// Removes the socket of a server that ended without doing so, but no other file, and no socket with
/// a listener.
async fn remove_stale(path: &Path, url: &str) -> Result<(), BindError> {
    let system = |error| BindError::new(url.to_owned(), error);
    if !fs::symlink_metadata(path).map_err(system)?.file_type().is_socket() {
        return Err(BindError::NotASocket { url: url.to_owned() });
    }
    match UnixStream::connect(path).await {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            info!("removing `{}`, which a server left behind", path.display());
            fs::remove_file(path).map_err(system)
        }
        // Also a socket whose queue is full.
        _ => Err(BindError::InUse { url: url.to_owned() }),
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|file| (file.dev(), file.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn error(path: &Path) -> String {
        let url = "unix:///s";
        listen(path, 0o600, url).await.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn socket_file_has_its_mode_and_is_removed_with_its_server() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        for mode in [0o600, 0o666] {
            let (listener, file) = listen(&path, mode, "").await.unwrap();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode);
            UnixStream::connect(&path).await.unwrap();
            drop((listener, file));
            assert!(!path.exists());
        }
    }

    #[tokio::test]
    async fn only_a_dead_socket_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists(), "left behind");

        let (_listener, file) = listen(&path, 0o600, "").await.unwrap();
        assert_eq!(
            error(&path).await,
            "failed to listen on `unix:///s`: another program does already\nhelp: stop it, or choose \
             another address"
        );
        UnixStream::connect(&path).await.unwrap();

        fs::rename(&path, folder.path().join("t")).unwrap();
        fs::write(&path, "data").unwrap();
        assert_eq!(
            error(&path).await,
            "failed to listen on `unix:///s`: the path exists and is not a socket\nhelp: remove it, or \
             choose another path"
        );
        drop(file);
        assert_eq!(fs::read(&path).unwrap(), b"data");
        assert_eq!(
            error(&folder.path().join("no/s")).await,
            "failed to listen on `unix:///s`: No such file or directory (os error 2)\nhelp: make the \
             folder first, or choose another path"
        );
    }
}
