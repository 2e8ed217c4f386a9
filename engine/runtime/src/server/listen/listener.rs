use std::io;
use std::net::{self, SocketAddr};
use std::os::unix::net as unix;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UnixListener, UnixStream};
use tracing::debug;

use super::error::BindError;
use super::inherited::Inherited;
use super::memory::ConnectionMemory;
use super::peer::Peer;
use super::socket::Socket;
use super::tls::{HTTP2, Handshake};
use super::unix::{SocketFile, listen as listen_unix};
use super::wire::{PAUSE, Returned};
use crate::config::Address;

/// Connections that the system holds until they are accepted.
pub(super) const BACKLOG: u32 = 1024;

/// One socket that clients come to.
#[derive(Debug)]
pub(super) struct Listener {
    door: Door,
    url: String,
}

#[derive(Debug)]
enum Door {
    Tcp(TcpListener, Option<Handshake>),
    /// The file is removed before the socket is closed, so that nobody finds it dead; an inherited
    /// one's belongs to whoever made it.
    Unix(Option<SocketFile>, UnixListener),
}

/// Who had come before a server stopped to let clients in: the system took their connections, and
/// would reset them.
#[derive(Debug)]
pub(super) enum Queue {
    Tcp(net::TcpListener, Option<Handshake>),
    Unix(unix::UnixListener),
}

/// A client's connection, of whatever kind.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// What is spoken on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spoken {
    /// As the client begins.
    Either,
    /// As TLS agreed on, or did not.
    Http1,
}

/// A client that has come.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) peer: Peer,
    socket: Socket,
    tls: Option<Handshake>,
}

impl Listener {
    pub(super) async fn bind(
        address: &Address,
        unix_socket_mode: u32,
        tls: Option<Handshake>,
        inherited: &mut Inherited,
    ) -> Result<Self, BindError> {
        let (scheme, wanted, tls) = match address {
            Address::Unix(path) => {
                let url = format!("unix://{}", path.display());
                let door = match inherited.unix(path) {
                    Some(Ok(listener)) => Door::Unix(None, listener),
                    Some(Err(error)) => return Err(BindError::of(url, error)),
                    None => {
                        let (listener, file) = listen_unix(path, unix_socket_mode, &url).await?;
                        Door::Unix(Some(file), listener)
                    }
                };
                return Ok(Self { door, url });
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
            .map_err(|error| BindError::of(format!("{scheme}://{wanted}"), error))?;
        Ok(Self { door: Door::Tcp(listener, tls), url: format!("{scheme}://{bound}") })
    }

    /// Where it really is.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) async fn accept(&self) -> io::Result<Accepted> {
        match &self.door {
            Door::Tcp(listener, tls) => {
                let (stream, address) = listener.accept().await?;
                Ok(Accepted::tcp(stream, address, tls.as_ref()))
            }
            Door::Unix(_, listener) => Ok(Accepted::unix(listener.accept().await?.0)),
        }
    }

    /// Lets nobody in any more but those who are here. A unix socket's file is gone from now on.
    pub(super) fn into_queue(self) -> io::Result<Queue> {
        Ok(match self.door {
            Door::Tcp(listener, tls) => Queue::Tcp(listener.into_std()?, tls),
            Door::Unix(file, listener) => {
                drop(file);
                Queue::Unix(listener.into_std()?)
            }
        })
    }
}

impl Queue {
    /// The next one, without waiting for any.
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
    fn tcp(stream: TcpStream, address: SocketAddr, tls: Option<&Handshake>) -> Self {
        let peer = Peer::tcp(address);
        // An answer is written whole: there is nothing to wait for.
        if let Err(error) = stream.set_nodelay(true) {
            debug!(%peer, %error, "cannot switch off Nagle's algorithm");
        }
        Self { peer, socket: Socket::Tcp(stream), tls: tls.cloned() }
    }

    fn unix(stream: UnixStream) -> Self {
        Self { peer: Peer::Unix, socket: Socket::Unix(stream), tls: None }
    }

    pub(super) fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// The connection, once TLS is agreed on, and what may be spoken on it; what is left of it
    /// comes back to the lender.
    pub(super) async fn open(
        self,
        lender: &Returned,
        memory: Arc<ConnectionMemory>,
        max_head: usize,
    ) -> io::Result<(Box<dyn Stream>, Spoken)> {
        let wire = lender.lend(self.socket, self.tls.is_some(), Arc::clone(&memory), max_head);
        let Some(tls) = self.tls else { return Ok((Box::new(wire), Spoken::Either)) };
        let stream = tls.shake(wire).await?;
        if stream.get_ref().1.alpn_protocol() != Some(HTTP2) {
            return Ok((Box::new(stream), Spoken::Http1));
        }
        while memory.reserve_http2().is_err() {
            tokio::time::sleep(PAUSE).await;
        }
        Ok((Box::new(stream), Spoken::Either))
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Connections of a server that has just ended do not stand in the way of the next.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
