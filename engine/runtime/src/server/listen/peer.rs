use std::fmt;
use std::net::SocketAddr;

/// The address of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    Tcp(SocketAddr),
    /// A program on this machine; unix sockets have no client addresses.
    Unix,
}

impl Peer {
    /// The address of a TCP client, as IPv4 also on an IPv6 socket.
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
    fn ipv4_clients_of_ipv6_sockets_are_shown_as_ipv4() {
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
