use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UnixListener};
use tracing::debug;

use super::error::BindError;
use super::inherited::Inherited;
use super::peer::Peer;
use super::tls::Handshake;
use super::unix::{self, SocketFile};
use crate::config::Address;

/// Connections that the system holds until they are accepted.
pub(super) const BACKLOG: u32 = 1024;

/// One socket that clients come to.
#[derive(Debug)]
pub(super) struct Listener {
    socket: Socket,
    url: String,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    Tls(TcpListener, Handshake),
    /// The file is removed before the socket is closed, so that nobody finds it dead; an inherited
    /// one's belongs to whoever made it.
    Unix(#[expect(dead_code, reason = "it is held for its end")] Option<SocketFile>, UnixListener),
}

/// A client's connection, of whatever kind.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A client that has come.
pub(super) struct Accepted {
    pub(super) peer: Peer,
    stream: Wire,
}

enum Wire {
    Open(Box<dyn Stream>),
    Tls(TcpStream, Handshake),
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
                let socket = match inherited.unix(path) {
                    Some(Ok(listener)) => Socket::Unix(None, listener),
                    Some(Err(error)) => return Err(BindError::of(url, error)),
                    None => {
                        let (listener, file) = unix::listen(path, unix_socket_mode, &url).await?;
                        Socket::Unix(Some(file), listener)
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
            .map_err(|error| BindError::of(format!("{scheme}://{wanted}"), error))?;
        let socket = match tls {
            None => Socket::Tcp(listener),
            Some(tls) => Socket::Tls(listener, tls),
        };
        Ok(Self { socket, url: format!("{scheme}://{bound}") })
    }

    /// Where it really is.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) async fn accept(&self) -> io::Result<Accepted> {
        let (listener, tls) = match &self.socket {
            Socket::Unix(_, listener) => {
                let stream: Box<dyn Stream> = Box::new(listener.accept().await?.0);
                return Ok(Accepted { peer: Peer::Unix, stream: Wire::Open(stream) });
            }
            Socket::Tcp(listener) => (listener, None),
            Socket::Tls(listener, tls) => (listener, Some(tls)),
        };
        let (stream, address) = listener.accept().await?;
        let peer = Peer::tcp(address);
        // An answer is written whole: there is nothing to wait for.
        if let Err(error) = stream.set_nodelay(true) {
            debug!(%peer, %error, "cannot switch off Nagle's algorithm");
        }
        let stream = match tls {
            None => Wire::Open(Box::new(stream)),
            Some(tls) => Wire::Tls(stream, tls.clone()),
        };
        Ok(Accepted { peer, stream })
    }
}

impl Accepted {
    /// The connection, once TLS is agreed on.
    pub(super) async fn open(self) -> io::Result<Box<dyn Stream>> {
        match self.stream {
            Wire::Open(stream) => Ok(stream),
            Wire::Tls(stream, tls) => Ok(Box::new(tls.shake(stream).await?)),
        }
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Connections of a server that has just ended do not stand in the way of the next.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
