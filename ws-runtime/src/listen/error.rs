//! Why a server cannot listen.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use ws_spec::address::forms;

use super::address::Address;

/// Why a server cannot listen on an address.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// The text is not an address.
    #[error("cannot listen on {text:?}: {reason} (allowed are {})", forms(str::to_owned))]
    Malformed {
        /// The text as it was given.
        text: String,
        /// Why it is not an address.
        reason: &'static str,
    },
    /// The list of places to listen is empty.
    #[error("there is nowhere to listen: the list of addresses is empty")]
    Nowhere,
    /// The host name has no address.
    #[error(
        "cannot listen on {host}:{port}: the name `{host}` does not resolve to an address of this machine; check how it \
         is written, or give an IP address, or the port alone to listen on all interfaces"
    )]
    Unresolved {
        /// The name as it was given.
        host: String,
        /// The port as it was given.
        port: u16,
        /// The resolver's error, if there is one.
        source: Option<io::Error>,
    },
    /// Something listens there already.
    #[error(
        "cannot listen on {address}: the port is in use; stop what listens there (`ss -ltnp` lists it), \
         or choose another port (0 picks a free one)"
    )]
    InUse {
        /// The address that is taken.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Ports below 1024 need a privilege.
    #[error(
        "cannot listen on {address}: ports below 1024 are for privileged processes; choose a port from 1024 up, \
         or give the program the capability CAP_NET_BIND_SERVICE or a socket from systemd"
    )]
    Privileged {
        /// The address that was refused.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// No interface of this machine has the address.
    #[error(
        "cannot listen on {address}: no network interface of this machine has that address; \
         the port alone listens on all of them"
    )]
    NotAvailable {
        /// The address that is missing.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Something listens at that path already.
    #[error(
        "cannot listen on unix:{}: a running program listens there; stop it or choose another path",
        path.display()
    )]
    PathInUse {
        /// The path of the socket.
        path: PathBuf,
    },
    /// A file that is not a socket is at the path. The server never removes it.
    #[error(
        "cannot listen on unix:{}: a file that is not a socket stands there; remove it or choose another path",
        path.display()
    )]
    NotSocket {
        /// The path of the file.
        path: PathBuf,
    },
    /// The path is longer than the system allows for a socket: 107 bytes on Linux, 103 on macOS and BSD.
    #[error(
        "cannot listen on unix:{}: the path is too long for a socket (about 100 bytes are allowed); choose a shorter one",
        path.display()
    )]
    PathTooLong {
        /// The path that is too long.
        path: PathBuf,
    },
    /// The directory of the socket is missing.
    #[error(
        "cannot listen on unix:{}: the directory does not exist; create it first",
        path.display()
    )]
    NoDirectory {
        /// The path of the socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The process may not listen there.
    #[error(
        "cannot listen on {address}: permission denied; check the owner and mode of the directory or socket"
    )]
    Denied {
        /// The address that was refused.
        address: Address,
        /// What the system said.
        source: io::Error,
    },
    /// systemd passed no socket.
    #[error(
        "cannot listen on \"systemd\": no socket was handed over (LISTEN_FDS is not set for this process, or the \
         sockets were taken already); start the program through its .socket unit or `systemd-socket-activate`"
    )]
    NoPassedSocket,
    /// systemd passed something that is not a stream listener.
    #[error(
        "cannot listen on \"systemd\": socket {position} that was handed over is not a TCP or Unix stream listener; \
         use ListenStream= and Accept=no in the .socket unit"
    )]
    PassedSocket {
        /// Its position, from 0.
        position: usize,
        /// Why it cannot be used.
        source: io::Error,
    },
    /// A prepared listener cannot be used.
    #[error("cannot take over the prepared listener: it must be bound, and listen")]
    Prepared {
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Unix domain sockets and systemd are missing on this platform.
    #[error("cannot listen there: Unix domain sockets and sockets from systemd need a Unix system")]
    Unsupported,
    /// Anything else that the system refuses.
    #[error("cannot listen on {address}")]
    Io {
        /// Where it should have listened.
        address: Address,
        /// What the system said.
        source: io::Error,
    },
}

impl ListenError {
    pub(super) fn malformed(text: &str, reason: &'static str) -> Self {
        Self::Malformed { text: text.to_owned(), reason }
    }

    /// Classifies the system's error for a TCP socket.
    pub(super) fn of_tcp(address: SocketAddr, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::InUse { address, source },
            io::ErrorKind::AddrNotAvailable => Self::NotAvailable { address, source },
            io::ErrorKind::PermissionDenied if (1..1024).contains(&address.port()) => {
                Self::Privileged { address, source }
            }
            io::ErrorKind::PermissionDenied => Self::Denied { address: address.into(), source },
            _ => Self::Io { address: address.into(), source },
        }
    }

    /// Classifies the system's error for a Unix socket.
    #[cfg(unix)]
    pub(super) fn of_path(path: &std::path::Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::PathInUse { path },
            io::ErrorKind::InvalidInput => Self::PathTooLong { path },
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::NoDirectory { path, source },
            io::ErrorKind::PermissionDenied => Self::Denied { address: Address::Unix(Some(path)), source },
            _ => Self::Io { address: Address::Unix(Some(path)), source },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;

    #[test]
    fn a_privileged_port_is_named_with_the_ways_out() {
        let refusal = || io::Error::from(io::ErrorKind::PermissionDenied);
        let error = ListenError::of_tcp("[::]:80".parse().unwrap(), refusal());
        assert!(matches!(error, ListenError::Privileged { .. }));
        let message = error.to_string();
        assert!(message.contains("[::]:80") && message.contains("CAP_NET_BIND_SERVICE"), "{message}");
        assert!(error.source().is_some());

        let error = ListenError::of_tcp("[::]:8080".parse().unwrap(), refusal());
        assert!(matches!(error, ListenError::Denied { .. }));
    }

    #[test]
    fn an_unknown_refusal_keeps_its_cause() {
        let error = ListenError::of_tcp("[::]:80".parse().unwrap(), io::Error::other("odd"));
        assert_eq!(error.to_string(), "cannot listen on [::]:80");
        assert_eq!(error.source().unwrap().to_string(), "odd");
    }
}
