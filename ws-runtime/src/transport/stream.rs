//! The stream of a connection before it is split, over any transport.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::halves::{Halves, ReadHalf, Unsplit, WriteHalf, poll_write};
use super::opaque::Opaque;
use super::socket::{Socket, SocketRef};
use super::{Duplex, Insist};
#[cfg(feature = "tls")]
use crate::x509::ClientCertificate;

/// The unsplit stream of one connection.
#[derive(Debug)]
pub(crate) struct Stream {
    carrier: Carrier,
    /// Bytes that were read before: they are returned first. Boxed, as there are seldom any.
    unread: Option<Box<Bytes>>,
}

#[derive(Debug)]
enum Carrier {
    Socket(Socket),
    Duplex(Box<dyn Duplex>),
}

/// Evaluates the same expression for either kind of carrier.
macro_rules! either {
    ($of:expr, $stream:ident => $call:expr) => {
        match $of {
            Carrier::Socket($stream) => $call,
            Carrier::Duplex($stream) => $call,
        }
    };
}

impl Stream {
    /// Wraps a stream that is not a socket: a pipe, or a connection that another HTTP server has upgraded. For a socket
    /// use `from`, which is faster.
    #[cfg_attr(
        not(any(test, feature = "test", feature = "tower")),
        expect(dead_code, reason = "for the server that is mounted in another")
    )]
    pub(crate) fn over(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Self {
        Self::over_duplex(Opaque(stream))
    }

    pub(crate) fn over_duplex(stream: impl Duplex + 'static) -> Self {
        Carrier::Duplex(Box::new(stream)).into()
    }

    /// The same stream, from which `unread` is read first: bytes that the previous owner read ahead.
    pub(crate) fn with_unread(self, unread: Bytes) -> Self {
        if unread.is_empty() {
            // It may be the rest of a large buffer, such as the 8 KiB of hyper, which the connection would keep.
            return self;
        }
        let unread = match &self.unread {
            Some(later) if !later.is_empty() => [&unread[..], &later[..]].concat().into(),
            Some(_) | None => unread,
        };
        Self { unread: Some(Box::new(unread)), ..self }
    }

    /// Whether bytes were read before that this has not returned yet.
    #[cfg(feature = "tower")]
    pub(crate) fn has_unread(&self) -> bool {
        self.unread.as_ref().is_some_and(|unread| !unread.is_empty())
    }

    /// Whether the peer ends the stream without sending further bytes, as on a plain socket. Over TLS it sends an alert
    /// first.
    pub(crate) fn ends_with_fin_only(&self) -> bool {
        matches!(self.carrier, Carrier::Socket(_))
    }

    /// Sets `TCP_NODELAY`. Does nothing unless it is TCP.
    pub(crate) fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.socket().map_or(Ok(()), |socket| socket.set_nodelay(nodelay))
    }

    /// The descriptor of the socket, valid while this lives. `None` if there is no socket.
    #[cfg(unix)]
    pub(crate) fn raw_fd(&self) -> Option<std::os::fd::RawFd> {
        self.socket().map(SocketRef::raw_fd)
    }

    /// The certificate that the peer has shown over TLS.
    #[cfg(feature = "tls")]
    pub(crate) fn client_certificate(&self) -> Option<Box<ClientCertificate>> {
        match &self.carrier {
            Carrier::Socket(_) => None,
            Carrier::Duplex(stream) => stream.client_certificate(),
        }
    }

    /// How many bytes were written to the stream below, if it counts them: see [`Duplex::passed_on`].
    #[cfg(feature = "tower")]
    pub(crate) fn passed_on(&self) -> Option<usize> {
        match &self.carrier {
            Carrier::Socket(_) => None,
            Carrier::Duplex(stream) => stream.passed_on(),
        }
    }

    /// The socket below, if there is one.
    pub(super) fn socket(&self) -> Option<SocketRef<'_>> {
        match &self.carrier {
            Carrier::Socket(socket) => Some(socket.borrow()),
            Carrier::Duplex(stream) => stream.socket(),
        }
    }

    /// Tries to write even if the socket has not reported room, see [`Insist`]. Anything but a socket
    /// writes as usual.
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "only TLS writes to a stream below it"))]
    pub(super) fn poll_insist(
        &mut self,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.carrier {
            Carrier::Socket(socket) => match socket.insist(pieces) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
                written => Poll::Ready(written),
            },
            Carrier::Duplex(stream) => poll_write(&mut **stream, cx, pieces),
        }
    }

    /// Tries to write some of `bytes`, or of what the stream holds back, even if the socket has not reported room, see
    /// [`Insist`]. Returns how many of `bytes` were taken, or `None` if nothing was written. Keeps no waker.
    pub(crate) fn insist(&mut self, bytes: &[u8]) -> io::Result<Option<usize>> {
        match &mut self.carrier {
            Carrier::Socket(socket) => match socket.insist(&[IoSlice::new(bytes)]) {
                Ok(0) => Ok(None),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
                taken => taken.map(Some),
            },
            Carrier::Duplex(stream) => {
                let before = stream.passed_on();
                stream.insist(Insist::Yes);
                let flushed = Pin::new(&mut **stream).poll_flush(&mut Context::from_waker(Waker::noop()));
                stream.insist(Insist::No);
                if let Poll::Ready(flushed) = flushed {
                    flushed?;
                }
                Ok((stream.passed_on() != before).then_some(0))
            }
        }
    }

    /// Splits the stream into its two directions.
    pub(crate) fn split(self) -> Halves {
        let (read, write) = match self.carrier {
            Carrier::Socket(socket) => {
                let (read, write) = socket.split();
                (Some(read), WriteHalf::Socket(write))
            }
            Carrier::Duplex(stream) => (None, WriteHalf::Duplex(Unsplit::new(stream))),
        };
        Halves { read, write, unread: self.unread.map(|unread| *unread).unwrap_or_default() }
    }

    /// Joins the two halves of a stream again.
    pub(crate) fn unite(read: Option<ReadHalf>, write: WriteHalf) -> Option<Self> {
        match (read, write) {
            (Some(read), WriteHalf::Socket(write)) => Socket::unite(read, write).map(Self::from),
            (None, WriteHalf::Duplex(unsplit)) => Some(Carrier::Duplex(unsplit.into_inner()).into()),
            (None, WriteHalf::Socket(_)) | (Some(_), WriteHalf::Duplex(_)) => None,
        }
    }
}

impl From<Carrier> for Stream {
    fn from(carrier: Carrier) -> Self {
        Self { carrier, unread: None }
    }
}

impl<S: Into<Socket>> From<S> for Stream {
    fn from(socket: S) -> Self {
        Carrier::Socket(socket.into()).into()
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, room: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Some(unread) = &mut this.unread
            && !unread.is_empty()
        {
            let count = unread.len().min(room.remaining());
            room.put_slice(&unread.split_to(count));
            if unread.is_empty() {
                // The connection may last: it does not keep the memory.
                this.unread = None;
            }
            return Poll::Ready(Ok(()));
        }
        either!(&mut this.carrier, stream => Pin::new(stream).poll_read(cx, room))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        either!(&mut self.get_mut().carrier, stream => Pin::new(stream).poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(&mut self.get_mut().carrier, stream => Pin::new(stream).poll_write_vectored(cx, pieces))
    }

    fn is_write_vectored(&self) -> bool {
        either!(&self.carrier, stream => stream.is_write_vectored())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(&mut self.get_mut().carrier, stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(&mut self.get_mut().carrier, stream => Pin::new(stream).poll_shutdown(cx))
    }
}
