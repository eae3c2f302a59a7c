//! A bound socket that accepts connections.

use std::fmt;
use std::io;
use std::time::Duration;

use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;

use super::address::Address;
use super::error::ListenError;
#[cfg(feature = "test")]
use super::memory::Pipes;
#[cfg(unix)]
use super::unix::SocketFile;
use crate::transport::Stream;

/// Whether TCP is listened on at loopback addresses alone: then only this machine can connect, and every name that
/// leads here is one of its own.
pub(crate) fn is_loopback_only(listeners: &[Listener]) -> bool {
    let mut ips = listeners.iter().filter_map(|listener| listener.address.ip()).peekable();
    ips.peek().is_some() && ips.all(|ip| ip.to_canonical().is_loopback())
}

/// One socket that listens.
#[derive(Debug)]
pub(crate) struct Listener {
    address: Address,
    socket: Socket,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    /// The file is removed when the listener is dropped. A prepared listener has none: its file belongs to the user.
    #[cfg(unix)]
    Unix(UnixListener, #[expect(dead_code, reason = "removes the file when dropped")] Option<SocketFile>),
    #[cfg(feature = "test")]
    Memory(Pipes),
}

impl Listener {
    /// Wraps a std listener, which need not be non-blocking yet; must be called inside a tokio runtime.
    pub(super) fn tcp(listener: std::net::TcpListener) -> io::Result<Self> {
        must_listen(&listener)?;
        listener.set_nonblocking(true)?;
        let address = Address::Tcp(listener.local_addr()?);
        Ok(Self { address, socket: Socket::Tcp(TcpListener::from_std(listener)?) })
    }

    /// Wraps a std listener, and the file to remove when it is dropped.
    #[cfg(unix)]
    pub(super) fn unix(
        listener: std::os::unix::net::UnixListener,
        file: Option<SocketFile>,
    ) -> io::Result<Self> {
        must_listen(&listener)?;
        listener.set_nonblocking(true)?;
        let address = Address::of_unix(&listener.local_addr()?);
        Ok(Self { address, socket: Socket::Unix(UnixListener::from_std(listener)?, file) })
    }

    /// Wraps pipes inside this process.
    #[cfg(feature = "test")]
    fn memory(pipes: Pipes) -> Self {
        Self { address: Address::Memory, socket: Socket::Memory(pipes) }
    }

    /// Where it listens. If port 0 was given, it is the port that the system chose.
    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// Sets options that its connections inherit: `TCP_NODELAY`, and a bound on what the kernel keeps for a slow peer.
    ///
    /// `TCP_USER_TIMEOUT` is not among them: Linux counts a small window that is full as silence, even while the peer
    /// reads and the window moves on, and would reset the connection. A peer that has vanished is found by
    /// `silence_max` and `write_timeout`.
    ///
    /// Only on Linux are they inherited, which saves system calls for each connection. If the kernel refuses an option,
    /// the server works without it.
    pub(crate) fn tune(&self, nodelay: bool) {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if let Socket::Tcp(listener) = &self.socket {
            let socket = socket2::SockRef::from(listener);
            let _ = socket.set_tcp_nodelay(nodelay);
            let _ = socket.set_tcp_notsent_lowat(NOT_SENT);
        }
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let _ = nodelay;
    }

    /// Waits for the next connection; returns it with the peer's address. Cancel safe.
    ///
    /// After an error, wait for [`accept_pause`] and call it again.
    pub(crate) async fn accept(&self) -> io::Result<(Stream, Address)> {
        match &self.socket {
            Socket::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                Ok((Stream::from(stream), Address::of_tcp_peer(peer)))
            }
            #[cfg(unix)]
            Socket::Unix(listener, _) => {
                let (stream, peer) = listener.accept().await?;
                Ok((Stream::from(stream), Address::of_unix(&peer.into())))
            }
            #[cfg(feature = "test")]
            Socket::Memory(pipes) => Ok(pipes.accept().await),
        }
    }
}

/// Refuses a socket that does not listen, if the system can tell. Every `accept` on it would fail.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
fn must_listen(socket: &impl std::os::fd::AsFd) -> io::Result<()> {
    match socket2::SockRef::from(socket).is_listener()? {
        true => Ok(()),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "the socket does not listen")),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
fn must_listen<T>(_: &T) -> io::Result<()> {
    Ok(())
}

/// How long to wait after `accept` failed.
///
/// `None` if only that one connection failed: retry at once. If descriptors or memory have run out, or the listener is
/// broken, the next call fails too. Without a pause, the retries would take a whole core.
pub(crate) fn accept_pause(error: &io::Error) -> Option<Duration> {
    is_lasting(error).then_some(PAUSE)
}

#[cfg(unix)]
fn is_lasting(error: &io::Error) -> bool {
    use rustix::io::Errno;

    const LASTING: [Errno; 7] = [
        Errno::MFILE,
        Errno::NFILE,
        Errno::NOBUFS,
        Errno::NOMEM,
        // Other code in the process has shut down or closed the listener.
        Errno::INVAL,
        Errno::BADF,
        Errno::NOTSOCK,
    ];
    Errno::from_io_error(error).is_some_and(|errno| LASTING.contains(&errno))
}

#[cfg(not(unix))]
fn is_lasting(error: &io::Error) -> bool {
    // Only these two mean that a single connection failed.
    !matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset)
}

/// A listener that the user prepared.
pub(super) enum Prepared {
    Tcp(std::net::TcpListener),
    TokioTcp(TcpListener),
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixListener),
    #[cfg(unix)]
    TokioUnix(UnixListener),
    #[cfg(feature = "test")]
    Memory(Pipes),
}

impl Prepared {
    /// Registers it with the current runtime. A tokio listener may come from another one.
    pub(super) fn adopt(self) -> Result<Listener, ListenError> {
        let adopted = match self {
            Self::Tcp(listener) => Listener::tcp(listener),
            Self::TokioTcp(listener) => listener.into_std().and_then(Listener::tcp),
            #[cfg(unix)]
            Self::Unix(listener) => Listener::unix(listener, None),
            #[cfg(unix)]
            Self::TokioUnix(listener) => {
                listener.into_std().and_then(|listener| Listener::unix(listener, None))
            }
            #[cfg(feature = "test")]
            Self::Memory(pipes) => Ok(Listener::memory(pipes)),
        };
        adopted.map_err(|source| ListenError::Prepared { source })
    }

    fn address(&self) -> io::Result<Address> {
        match self {
            Self::Tcp(listener) => listener.local_addr().map(Address::Tcp),
            Self::TokioTcp(listener) => listener.local_addr().map(Address::Tcp),
            #[cfg(unix)]
            Self::Unix(listener) => listener.local_addr().map(|address| Address::of_unix(&address)),
            #[cfg(unix)]
            Self::TokioUnix(listener) => {
                listener.local_addr().map(|address| Address::of_unix(&address.into()))
            }
            #[cfg(feature = "test")]
            Self::Memory(_) => Ok(Address::Memory),
        }
    }
}

impl fmt::Display for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address() {
            Ok(address) => address.fmt(f),
            Err(_) => f.write_str("a prepared listener"),
        }
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prepared({self})")
    }
}

/// A socket is reported as writable when less than this waits to be sent. Kept small, because a control frame cannot
/// overtake what waits in the kernel.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) const NOT_SENT: u32 = 16 * 1024;

/// Long enough to cost little, and short enough that no client gives up. It ends early when a connection ends.
const PAUSE: Duration = Duration::from_millis(100);

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use rustix::io::Errno;

    #[test]
    fn accepting_pauses_only_where_the_next_call_would_fail_too() {
        for errno in [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM, Errno::INVAL, Errno::BADF] {
            assert_eq!(accept_pause(&errno.into()), Some(PAUSE), "{errno}");
        }
        for errno in [Errno::CONNABORTED, Errno::PROTO, Errno::PERM, Errno::NETDOWN, Errno::INTR] {
            assert_eq!(accept_pause(&errno.into()), None, "{errno}");
        }
        assert_eq!(accept_pause(&io::Error::other("not from the system")), None);
    }
}
