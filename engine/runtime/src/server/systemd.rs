//! Systemd's protocols: sockets that were passed on, and notifications of readiness. See
//! `sd_listen_fds(3)` and `sd_notify(3)`.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::net::{self, SocketAddr};
#[cfg(target_os = "linux")]
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net as unix;
use std::path::Path;

use listenfd::ListenFd;
use tokio::net::{TcpListener, UnixListener};
use tracing::warn;

/// Listening sockets that the process was started with, and that no address has taken yet:
/// `LISTEN_FDS` of them from descriptor 3 on, meant for the process `LISTEN_PID` (for this one where
/// that is not set).
#[derive(Debug, Default)]
pub(crate) struct InheritedSockets {
    tcp: Vec<(SocketAddr, net::TcpListener)>,
    unix: Vec<(unix::SocketAddr, unix::UnixListener)>,
}

impl InheritedSockets {
    /// Takes all sockets that this process was given. Must be called before it opens any file.
    pub(crate) fn take() -> Self {
        let mut given = ListenFd::from_env();
        let mut inherited = Self::default();
        for index in 0..given.len() {
            if let Err(error) = inherited.add(&mut given, index) {
                let descriptor = index + 3;
                warn!(
                    "file descriptor {descriptor}, one of `LISTEN_FDS`, is not a listening socket: \
                     {error}"
                );
            }
        }
        inherited
    }

    fn add(&mut self, given: &mut ListenFd, index: usize) -> io::Result<()> {
        if let Ok(Some(socket)) = given.take_tcp_listener(index) {
            socket.set_nonblocking(true)?;
            self.tcp.push((socket.local_addr()?, socket));
        } else if let Some(socket) = given.take_unix_listener(index)? {
            socket.set_nonblocking(true)?;
            self.unix.push((socket.local_addr()?, socket));
        }
        Ok(())
    }

    /// The socket of an address, if there is one; for port 0, one of any port.
    pub(crate) fn tcp(&mut self, wanted: SocketAddr) -> Option<io::Result<TcpListener>> {
        let is_wanted = |at: &SocketAddr| match wanted.port() {
            0 => at.ip() == wanted.ip(),
            _ => *at == wanted,
        };
        let index = self.tcp.iter().position(|(at, _)| is_wanted(at))?;
        Some(TcpListener::from_std(self.tcp.remove(index).1))
    }

    /// The socket of a path, if there is one.
    pub(crate) fn unix(&mut self, path: &Path) -> Option<io::Result<UnixListener>> {
        let index = self.unix.iter().position(|(at, _)| at.as_pathname() == Some(path))?;
        Some(UnixListener::from_std(self.unix.remove(index).1))
    }

    /// Closes the sockets that no address has taken.
    pub(crate) fn close(self) {
        let tcp = self.tcp.iter().map(|(at, _)| at.to_string());
        let unix = self.unix.iter().map(|(at, _)| match at.as_pathname() {
            Some(path) => format!("unix://{}", path.display()),
            None => "a unix socket without a path".to_owned(),
        });
        for address in tcp.chain(unix) {
            warn!(
                "closing the socket `{address}` that was passed in `LISTEN_FDS`: no address to \
                 listen on is the same"
            );
        }
    }
}

/// A state of the service.
#[derive(Debug, Clone, Copy)]
pub(super) enum ServiceState {
    /// Clients are accepted.
    Ready,
    /// The shutdown has begun.
    Stopping,
}

/// Sends the state to the socket that `NOTIFY_SOCKET` names, if it is set.
pub(super) fn notify(state: ServiceState) {
    let Some(name) = env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty()) else { return };
    if let Err(error) = send(state, &name) {
        warn!("failed to notify `{}` of `NOTIFY_SOCKET`: {error}", name.display());
    }
}

fn send(state: ServiceState, name: &OsStr) -> io::Result<()> {
    let message: &[u8] = match state {
        ServiceState::Ready => b"READY=1",
        ServiceState::Stopping => b"STOPPING=1",
    };
    let socket = unix::UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.send_to_addr(message, &address(name)?)?;
    Ok(())
}

/// The address of a path, or on Linux also of an abstract name behind an `@`.
fn address(name: &OsStr) -> io::Result<unix::SocketAddr> {
    #[cfg(target_os = "linux")]
    if let Some(name) = name.as_bytes().strip_prefix(b"@") {
        return <unix::SocketAddr as std::os::linux::net::SocketAddrExt>::from_abstract_name(name);
    }
    unix::SocketAddr::from_pathname(name)
}
