//! Sockets that whoever started the process listens on already: systemd's protocol, `LISTEN_FDS`
//! of them from descriptor 3 on, meant for the process `LISTEN_PID` (for this one where it is not
//! set). See `sd_listen_fds(3)`.

use std::io;
use std::net::{self, SocketAddr};
use std::os::unix::net as unix;
use std::path::Path;

use listenfd::ListenFd;
use tokio::net::{TcpListener, UnixListener};
use tracing::warn;

/// Those that nobody has taken yet.
#[derive(Debug, Default)]
pub(crate) struct Inherited {
    tcp: Vec<(SocketAddr, net::TcpListener)>,
    unix: Vec<(unix::SocketAddr, unix::UnixListener)>,
}

impl Inherited {
    /// Takes all that this process was given; to be called before it opens anything itself.
    pub(crate) fn take() -> Self {
        let mut given = ListenFd::from_env();
        let mut inherited = Self::default();
        for index in 0..given.len() {
            if let Err(error) = inherited.add(&mut given, index) {
                let descriptor = index + 3;
                warn!(
                    "file descriptor {descriptor}, one of `LISTEN_FDS`, is no socket that clients \
                     can come to: {error}"
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

    /// The socket of an address, when there is one; for port 0, one of any port.
    pub(super) fn tcp(&mut self, wanted: SocketAddr) -> Option<io::Result<TcpListener>> {
        let is_wanted = |at: &SocketAddr| match wanted.port() {
            0 => at.ip() == wanted.ip(),
            _ => *at == wanted,
        };
        let place = self.tcp.iter().position(|(at, _)| is_wanted(at))?;
        Some(TcpListener::from_std(self.tcp.remove(place).1))
    }

    /// The socket of a path, when there is one.
    pub(super) fn unix(&mut self, path: &Path) -> Option<io::Result<UnixListener>> {
        let place = self.unix.iter().position(|(at, _)| at.as_pathname() == Some(path))?;
        Some(UnixListener::from_std(self.unix.remove(place).1))
    }

    /// Closes what nobody wants.
    pub(super) fn close(self) {
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
