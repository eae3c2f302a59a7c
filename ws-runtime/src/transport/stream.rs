//! The bytes of one connection, whatever carries them.

use std::io::{self, IoSlice};
#[cfg(unix)]
use std::os::fd::{AsRawFd, RawFd};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// One connection: plain, or TLS over something plain.
#[derive(Debug)]
pub(crate) enum Stream {
    Plain(Plain),
    /// Boxed, because the state of TLS is a hundred times as large as a socket.
    Tls(Box<TlsStream<Plain>>),
}

/// What carries bytes as they are.
#[derive(Debug)]
pub(crate) enum Plain {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    /// A pipe inside this process.
    Memory(DuplexStream),
}

/// Calls the same method on whatever is inside.
macro_rules! carried {
    ($plain:expr, $inner:ident => $call:expr) => {
        match $plain {
            Plain::Tcp($inner) => $call,
            #[cfg(unix)]
            Plain::Unix($inner) => $call,
            Plain::Memory($inner) => $call,
        }
    };
}

impl Stream {
    /// Runs the server's side of the TLS handshake; the deadline is the caller's.
    ///
    /// # Errors
    ///
    /// What rustls says of the peer's bytes, or the socket's own error; TLS inside TLS is refused.
    pub(crate) async fn accept_tls(self, acceptor: &TlsAcceptor) -> io::Result<Self> {
        match self {
            Self::Plain(plain) => Ok(Self::Tls(Box::new(acceptor.accept(plain).await?))),
            Self::Tls(_) => {
                Err(io::Error::new(io::ErrorKind::InvalidInput, "the stream is encrypted already"))
            }
        }
    }

    /// Whether what is sent is encrypted here.
    pub(crate) fn is_tls(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// Sends small messages at once instead of gathering them (`TCP_NODELAY`); nothing to do unless it is
    /// TCP.
    pub(crate) fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        match self.plain() {
            Plain::Tcp(stream) => stream.set_nodelay(nodelay),
            #[cfg(unix)]
            Plain::Unix(_) => Ok(()),
            Plain::Memory(_) => Ok(()),
        }
    }

    /// The descriptor of the socket, valid while this lives; a pipe inside the process has none.
    #[cfg(unix)]
    pub(crate) fn raw_fd(&self) -> Option<RawFd> {
        match self.plain() {
            Plain::Tcp(stream) => Some(stream.as_raw_fd()),
            Plain::Unix(stream) => Some(stream.as_raw_fd()),
            Plain::Memory(_) => None,
        }
    }

    fn plain(&self) -> &Plain {
        match self {
            Self::Plain(plain) => plain,
            Self::Tls(stream) => stream.get_ref().0,
        }
    }
}

impl From<TcpStream> for Stream {
    fn from(stream: TcpStream) -> Self {
        Self::Plain(Plain::Tcp(stream))
    }
}

#[cfg(unix)]
impl From<UnixStream> for Stream {
    fn from(stream: UnixStream) -> Self {
        Self::Plain(Plain::Unix(stream))
    }
}

impl From<DuplexStream> for Stream {
    fn from(stream: DuplexStream) -> Self {
        Self::Plain(Plain::Memory(stream))
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(plain) => Pin::new(plain).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(plain) => Pin::new(plain).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(plain) => Pin::new(plain).poll_write_vectored(cx, bufs),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(plain) => plain.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(plain) => Pin::new(plain).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(plain) => Pin::new(plain).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

impl AsyncRead for Plain {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        carried!(self.get_mut(), stream => Pin::new(stream).poll_read(cx, buf))
    }
}

impl AsyncWrite for Plain {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        carried!(self.get_mut(), stream => Pin::new(stream).poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        carried!(self.get_mut(), stream => Pin::new(stream).poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        carried!(self, stream => stream.is_write_vectored())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        carried!(self.get_mut(), stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        carried!(self.get_mut(), stream => Pin::new(stream).poll_shutdown(cx))
    }
}
