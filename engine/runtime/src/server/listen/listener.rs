use std::io;
use std::net::{self, SocketAddr};
use std::os::unix::net as unix;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UnixListener, UnixStream};
use tracing::debug;

use super::connection_memory::ConnectionMemory;
use super::error::BindError;
use super::lent_socket::{MEMORY_PAUSE, SocketLender};
use super::peer::Peer;
use super::socket::{BACKLOG, ClientSocket};
use super::tls::TlsHandshake;
use super::unix::{UnixSocketFile, listen as listen_unix};
use crate::config::Address;
use crate::server::systemd::InheritedSockets;

/// A listening socket.
#[derive(Debug)]
pub(super) struct Listener {
    socket: ListenerSocket,
    url: String,
}

#[derive(Debug)]
enum ListenerSocket {
    Tcp(TcpListener, Option<TlsHandshake>),
    /// The file of an inherited socket belongs to its creator.
    Unix(Option<UnixSocketFile>, UnixListener),
}

/// The connections that the system accepted before the server began to drain. It would reset them.
#[derive(Debug)]
pub(super) enum AcceptQueue {
    Tcp(net::TcpListener, Option<TlsHandshake>),
    Unix(unix::UnixListener),
}

/// A connection of any kind.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// The versions of HTTP on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HttpVersions {
    /// Either, by the first bytes of the client.
    Any,
    /// HTTP/1 alone, as TLS has not agreed on another.
    Http1,
}

/// An accepted connection.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) peer: Peer,
    socket: ClientSocket,
    tls: Option<TlsHandshake>,
}

impl Listener {
    pub(super) async fn bind(
        address: &Address,
        unix_socket_mode: u32,
        tls: Option<TlsHandshake>,
        inherited: &mut InheritedSockets,
    ) -> Result<Self, BindError> {
        let (scheme, wanted, tls) = match address {
            Address::Unix(path) => {
                let url = format!("unix://{}", path.display());
                let socket = match inherited.unix(path) {
                    Some(Ok(listener)) => ListenerSocket::Unix(None, listener),
                    Some(Err(error)) => return Err(BindError::new(url, error)),
                    None => {
                        let (listener, file) = listen_unix(path, unix_socket_mode, &url).await?;
                        ListenerSocket::Unix(Some(file), listener)
                    }
                };
                return Ok(Self { socket, url });
            }
            Address::Http(wanted) => ("http", wanted, None),
            Address::Https(wanted) => {
                let without = || BindError::NoCertificate { url: format!("https://{wanted}") };
                ("https", wanted, Some(tls.ok_or_else(without)?))
            }
        };
        let (listener, bound) = inherited
            .tcp(*wanted)
            .unwrap_or_else(|| listen(*wanted))
            .and_then(|listener| listener.local_addr().map(|bound| (listener, bound)))
            .map_err(|error| BindError::new(format!("{scheme}://{wanted}"), error))?;
        Ok(Self { socket: ListenerSocket::Tcp(listener, tls), url: format!("{scheme}://{bound}") })
    }

    /// The address, with the port that the system chose.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) async fn accept(&self) -> io::Result<Accepted> {
        match &self.socket {
            ListenerSocket::Tcp(listener, tls) => {
                let (stream, address) = listener.accept().await?;
                Ok(Accepted::tcp(stream, address, tls.as_ref()))
            }
            ListenerSocket::Unix(_, listener) => Ok(Accepted::unix(listener.accept().await?.0)),
        }
    }

    /// The file of a unix socket that this server made.
    pub(super) fn take_file(&mut self) -> Option<UnixSocketFile> {
        match &mut self.socket {
            ListenerSocket::Unix(file, _) => file.take(),
            ListenerSocket::Tcp(..) => None,
        }
    }

    /// Stops accepting, except what is queued.
    pub(super) fn into_queue(self) -> io::Result<AcceptQueue> {
        Ok(match self.socket {
            ListenerSocket::Tcp(listener, tls) => AcceptQueue::Tcp(listener.into_std()?, tls),
            ListenerSocket::Unix(_file, listener) => AcceptQueue::Unix(listener.into_std()?),
        })
    }
}

impl AcceptQueue {
    /// Accepts the next connection, without waiting.
    pub(super) fn next(&self) -> io::Result<Accepted> {
        match self {
            Self::Tcp(listener, tls) => {
                let (stream, address) = listener.accept()?;
                stream.set_nonblocking(true)?;
                Ok(Accepted::tcp(TcpStream::from_std(stream)?, address, tls.as_ref()))
            }
            Self::Unix(listener) => {
                let (stream, _) = listener.accept()?;
                stream.set_nonblocking(true)?;
                Ok(Accepted::unix(UnixStream::from_std(stream)?))
            }
        }
    }
}

impl Accepted {
    fn tcp(stream: TcpStream, address: SocketAddr, tls: Option<&TlsHandshake>) -> Self {
        let peer = Peer::tcp(address);
        // Responses are written whole: there is nothing to wait for.
        if let Err(error) = stream.set_nodelay(true) {
            debug!(%peer, %error, "failed to switch off Nagle's algorithm");
        }
        Self { peer, socket: ClientSocket::Tcp(stream), tls: tls.cloned() }
    }

    fn unix(stream: UnixStream) -> Self {
        Self { peer: Peer::Unix, socket: ClientSocket::Unix(stream), tls: None }
    }

    pub(super) fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Opens the connection, with a handshake in case of TLS. The socket returns to the lender.
    pub(super) async fn open(
        self,
        lender: &SocketLender,
        memory: Arc<ConnectionMemory>,
        max_head: usize,
    ) -> io::Result<(Box<dyn Stream>, HttpVersions)> {
        let socket = lender.lend(self.socket, self.tls.is_some(), Arc::clone(&memory), max_head);
        let Some(tls) = self.tls else { return Ok((Box::new(socket), HttpVersions::Any)) };
        let (stream, is_http2) = tls.accept(socket).await?;
        if !is_http2 {
            return Ok((Box::new(stream), HttpVersions::Http1));
        }
        while memory.reserve_http2().is_err() {
            tokio::time::sleep(MEMORY_PAUSE).await;
        }
        Ok((Box::new(stream), HttpVersions::Any))
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Connections of a server that has just ended do not block the next one.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
