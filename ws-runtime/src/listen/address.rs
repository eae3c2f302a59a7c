//! The address of a listener or of a peer.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

/// The address of a listener or of a peer.
///
/// It is displayed in the form that [`Listen`](crate::Listen) reads: `127.0.0.1:8080`, `[::1]:8080`,
/// `unix:/run/chat.sock`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Address {
    /// TCP over IPv4 or IPv6. A peer that connects over IPv4 has an IPv4 address, even on a dual-stack socket.
    Tcp(SocketAddr),
    /// A Unix domain socket. Peers mostly have no path, and a socket with an abstract name has none.
    Unix(Option<PathBuf>),
    /// A pipe inside this process, without a socket: a client of a test (feature `test`).
    Memory,
    /// Not known: the server is mounted in another one, which has not said it, see `Mounted::peer_from` (feature
    /// `tower`). A service beside the server gets it for a client that a PROXY header does not name.
    Unknown,
}

impl Address {
    /// The IP address; `None` unless it is TCP.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Tcp(address) => Some(address.ip()),
            Self::Unix(_) | Self::Memory | Self::Unknown => None,
        }
    }

    /// The port; `None` unless it is TCP.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        match self {
            Self::Tcp(address) => Some(address.port()),
            Self::Unix(_) | Self::Memory | Self::Unknown => None,
        }
    }

    /// The path of a Unix domain socket, if it has one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Unix(path) => path.as_deref(),
            Self::Tcp(_) | Self::Memory | Self::Unknown => None,
        }
    }

    /// A peer's address. An IPv4 address that a dual-stack socket maps into IPv6 is mapped back.
    pub(crate) fn of_tcp_peer(peer: SocketAddr) -> Self {
        match peer.ip().to_canonical() {
            IpAddr::V4(ip) => Self::Tcp(SocketAddr::from((ip, peer.port()))),
            IpAddr::V6(_) => Self::Tcp(peer), // with its scope
        }
    }

    #[cfg(unix)]
    pub(super) fn of_unix(address: &std::os::unix::net::SocketAddr) -> Self {
        Self::Unix(address.as_pathname().map(Path::to_owned))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(Some(path)) => write!(f, "unix:{}", path.display()),
            Self::Unix(None) => f.write_str("unix socket"),
            Self::Memory => f.write_str("memory"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Self::Tcp(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_over_ipv4_has_an_ipv4_address_on_a_dual_stack_socket() {
        let address = Address::of_tcp_peer("[::ffff:192.0.2.7]:5000".parse().unwrap());
        assert_eq!(address.to_string(), "192.0.2.7:5000");
        assert_eq!(address.port(), Some(5000));
        let address = Address::of_tcp_peer("[2001:db8::7]:5000".parse().unwrap());
        assert_eq!(address.to_string(), "[2001:db8::7]:5000");
    }

    #[test]
    fn a_unix_socket_has_a_path_but_no_ip_and_no_port() {
        let address = Address::Unix(Some("/run/chat.sock".into()));
        assert_eq!((address.ip(), address.port()), (None, None));
        assert_eq!(address.path(), Some(Path::new("/run/chat.sock")));
        assert_eq!(address.to_string(), "unix:/run/chat.sock");
    }
}
