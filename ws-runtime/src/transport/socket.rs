//! Sockets of the kernel: TCP, and Unix on Unix systems.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, tcp};
#[cfg(unix)]
use tokio::net::{UnixStream, unix};

/// A connected socket.
#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

/// A socket, whoever owns it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum SocketRef<'a> {
    Tcp(&'a TcpStream),
    #[cfg(unix)]
    Unix(&'a UnixStream),
}

/// The read half of a socket.
#[derive(Debug)]
pub(crate) enum SocketReadHalf {
    Tcp(tcp::OwnedReadHalf),
    #[cfg(unix)]
    Unix(unix::OwnedReadHalf),
}

/// The write half of a socket. Dropping it ends the direction to the peer.
#[derive(Debug)]
pub(crate) enum SocketWriteHalf {
    Tcp(tcp::OwnedWriteHalf),
    #[cfg(unix)]
    Unix(unix::OwnedWriteHalf),
}

/// Evaluates the same expression for either kind of socket.
macro_rules! either {
    ($of:expr, $socket:ident => $call:expr) => {
        match $of {
            Self::Tcp($socket) => $call,
            #[cfg(unix)]
            Self::Unix($socket) => $call,
        }
    };
}

impl Socket {
    pub(super) fn borrow(&self) -> SocketRef<'_> {
        match self {
            Self::Tcp(stream) => SocketRef::Tcp(stream),
            #[cfg(unix)]
            Self::Unix(stream) => SocketRef::Unix(stream),
        }
    }

    /// Tries to write even if tokio knows of no room, see [`Insist`](super::Insist). Wakes no task.
    pub(super) fn insist(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        either!(self, stream => insist(stream, pieces))
    }

    pub(super) fn split(self) -> (SocketReadHalf, SocketWriteHalf) {
        match self {
            Self::Tcp(stream) => {
                let (read, write) = stream.into_split();
                (SocketReadHalf::Tcp(read), SocketWriteHalf::Tcp(write))
            }
            #[cfg(unix)]
            Self::Unix(stream) => {
                let (read, write) = stream.into_split();
                (SocketReadHalf::Unix(read), SocketWriteHalf::Unix(write))
            }
        }
    }

    /// Joins the two halves of a socket again.
    pub(super) fn unite(read: SocketReadHalf, write: SocketWriteHalf) -> Option<Self> {
        match (read, write) {
            (SocketReadHalf::Tcp(read), SocketWriteHalf::Tcp(write)) => {
                read.reunite(write).ok().map(Self::Tcp)
            }
            #[cfg(unix)]
            (SocketReadHalf::Unix(read), SocketWriteHalf::Unix(write)) => {
                read.reunite(write).ok().map(Self::Unix)
            }
            #[cfg(unix)]
            (SocketReadHalf::Tcp(_), SocketWriteHalf::Unix(_))
            | (SocketReadHalf::Unix(_), SocketWriteHalf::Tcp(_)) => None,
        }
    }
}

impl SocketRef<'_> {
    /// Sets `TCP_NODELAY`. Does nothing unless it is TCP.
    pub(super) fn set_nodelay(self, nodelay: bool) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_nodelay(nodelay),
            #[cfg(unix)]
            Self::Unix(_) => Ok(()),
        }
    }

    /// The descriptor, valid while this lives.
    #[cfg(unix)]
    pub(super) fn raw_fd(self) -> std::os::fd::RawFd {
        use std::os::fd::AsRawFd;

        either!(self, stream => stream.as_raw_fd())
    }
}

impl SocketWriteHalf {
    /// Writes what the kernel takes at once. Wakes no task.
    pub(super) fn try_write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        either!(self, half => match pieces {
            [piece] => half.try_write(piece),
            _ => half.try_write_vectored(pieces),
        })
    }

    /// The same even if tokio knows of no room, see [`Insist`](super::Insist).
    pub(super) fn insist(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        either!(self, half => insist(half.as_ref(), pieces))
    }

    /// Writes what the kernel takes. The task is woken when there is room again.
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(self, half => super::halves::poll_write(half, cx, pieces))
    }

    /// See [`SocketRef::set_nodelay`].
    pub(super) fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        match self {
            Self::Tcp(half) => half.as_ref().set_nodelay(nodelay),
            #[cfg(unix)]
            Self::Unix(_) => Ok(()),
        }
    }
}

/// Bypasses tokio, which attempts no write until the kernel has reported room.
#[cfg(unix)]
fn insist(socket: &impl std::os::fd::AsFd, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
    let Some(first) = pieces.iter().find(|piece| !piece.is_empty()) else { return Ok(0) };
    Ok(rustix::net::send(socket, first, rustix::net::SendFlags::NOSIGNAL)?)
}

/// Without descriptors tokio cannot be bypassed.
#[cfg(not(unix))]
fn insist(socket: &TcpStream, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
    socket.try_write_vectored(pieces)
}

impl From<TcpStream> for Socket {
    fn from(stream: TcpStream) -> Self {
        Self::Tcp(stream)
    }
}

#[cfg(unix)]
impl From<UnixStream> for Socket {
    fn from(stream: UnixStream) -> Self {
        Self::Unix(stream)
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, room: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        either!(self.get_mut(), stream => Pin::new(stream).poll_read(cx, room))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        either!(self.get_mut(), stream => Pin::new(stream).poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(self.get_mut(), stream => Pin::new(stream).poll_write_vectored(cx, pieces))
    }

    fn is_write_vectored(&self) -> bool {
        either!(self, stream => stream.is_write_vectored())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self.get_mut(), stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self.get_mut(), stream => Pin::new(stream).poll_shutdown(cx))
    }
}

impl AsyncRead for SocketReadHalf {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, room: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        either!(self.get_mut(), half => Pin::new(half).poll_read(cx, room))
    }
}
