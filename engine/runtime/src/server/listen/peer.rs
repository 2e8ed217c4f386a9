use std::fmt;
use std::net::SocketAddr;

/// Who is at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    Tcp(SocketAddr),
    /// Somebody on this machine; such sockets have no addresses.
    Unix,
}

impl Peer {
    /// A client's address, as IPv4 also where it came to an IPv6 socket.
    pub(super) fn tcp(address: SocketAddr) -> Self {
        Self::Tcp(SocketAddr::new(address.ip().to_canonical(), address.port()))
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix => f.write_str("unix"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_written_as_people_know_it() {
        for (address, shown) in [
            ("127.0.0.1:5123", "127.0.0.1:5123"),
            ("[::ffff:10.0.0.7]:80", "10.0.0.7:80"),
            ("[2001:db8::1]:80", "[2001:db8::1]:80"),
        ] {
            assert_eq!(Peer::tcp(address.parse().unwrap()).to_string(), shown);
        }
        assert_eq!(Peer::Unix.to_string(), "unix");
    }
}
