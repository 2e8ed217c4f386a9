//! Sockets that stay open while one engine follows the other.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use super::addresses::{Address, RequestedSockets};
use super::error::StartError;

/// One that clients come to; nobody is let in here.
#[derive(Debug)]
pub(super) struct Socket {
    address: Address,
    descriptor: OwnedFd,
    /// It goes with the socket.
    _file: Option<SocketFile>,
}

#[derive(Debug)]
struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Whoever has removed it before has done the same.
        let _ = fs::remove_file(&self.0);
    }
}

/// Listens on what is wanted and not yet there, and gives those sockets.
pub(super) fn missing(
    there: &[Socket],
    wanted: &RequestedSockets,
) -> Result<Vec<Socket>, StartError> {
    let is_there = |address: &&Address| there.iter().any(|socket| socket.address == **address);
    let missing = wanted.addresses.iter().filter(|address| !is_there(address));
    missing.map(|address| Socket::listen(address, wanted.unix_socket_mode)).collect()
}

impl Socket {
    fn listen(address: &Address, unix_socket_mode: u32) -> Result<Self, StartError> {
        let fail = |name: String| move |error| StartError::Listen { address: name, error };
        let (descriptor, file) = match address {
            Address::Tcp(at) => {
                let listener = TcpListener::bind(at).map_err(fail(at.to_string()))?;
                (listener.into(), None)
            }
            Address::Unix(path) => {
                let fail = fail(format!("unix://{}", path.display()));
                let listener = listen(path, unix_socket_mode).map_err(fail)?;
                (listener.into(), Some(SocketFile(path.clone())))
            }
        };
        Ok(Self { address: address.clone(), descriptor, _file: file })
    }

    pub(super) fn is_in(&self, wanted: &RequestedSockets) -> bool {
        wanted.addresses.contains(&self.address)
    }

    /// Duplicates the socket, to be given away.
    pub(super) fn duplicate(&self) -> io::Result<OwnedFd> {
        self.descriptor.try_clone()
    }
}

/// Listens on a path, in place of a socket that a program which is gone has left there.
fn listen(path: &Path, mode: u32) -> io::Result<UnixListener> {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    let is_left_behind = || {
        UnixStream::connect(path).is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
    };
    if is_socket && is_left_behind() {
        fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    Ok(listener)
}
