//! A connection's bytes in both directions, whatever carries them.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::halves::{Halves, ReadHalf, Unsplit, WriteHalf, poll_write};
use super::opaque::Opaque;
use super::socket::Socket;
use super::{Duplex, Insist};

/// The stream of one connection that is not taken apart.
#[derive(Debug)]
pub(crate) struct Stream {
    carrier: Carrier,
    /// Read by somebody else before: comes first. Boxed, as seldom there is any.
    unread: Option<Box<Bytes>>,
}

#[derive(Debug)]
enum Carrier {
    Socket(Socket),
    Duplex(Box<dyn Duplex>),
}

/// Does the same with either.
macro_rules! either {
    ($of:expr, $stream:ident => $call:expr) => {
        match $of {
            Carrier::Socket($stream) => $call,
            Carrier::Duplex($stream) => $call,
        }
    };
}

impl Stream {
    /// Over any stream of bytes that is not a socket: a pipe, a connection that somebody else has upgraded. Of a socket
    /// make it by `from`, which is faster.
    #[cfg_attr(not(test), expect(dead_code, reason = "for the server that is mounted in another"))]
    pub(crate) fn over(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Self {
        Self::over_duplex(Opaque(stream))
    }

    pub(super) fn over_duplex(stream: impl Duplex + 'static) -> Self {
        Carrier::Duplex(Box::new(stream)).into()
    }

    /// The same stream, from which `unread` is read first: whoever had it before has read too far.
    #[cfg_attr(not(test), expect(dead_code, reason = "for the server that is mounted in another"))]
    pub(crate) fn with_unread(self, unread: Bytes) -> Self {
        Self { unread: Some(Box::new(unread)), ..self }
    }

    /// Whether the end of the stream is all that there is to say at its end, as with a socket. TLS, for one, says goodbye
    /// first, and so does its peer.
    pub(crate) fn ends_with_fin_only(&self) -> bool {
        matches!(self.carrier, Carrier::Socket(_))
    }

    /// Sends small messages at once instead of gathering them (`TCP_NODELAY`); nothing to do unless it is TCP.
    pub(crate) fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.socket().map_or(Ok(()), |socket| socket.set_nodelay(nodelay))
    }

    /// The descriptor of the socket, valid while this lives; what is no socket has none.
    #[cfg(unix)]
    pub(crate) fn raw_fd(&self) -> Option<std::os::fd::RawFd> {
        self.socket().map(Socket::raw_fd)
    }

    /// The socket at the bottom, if there is one.
    pub(super) fn socket(&self) -> Option<&Socket> {
        match &self.carrier {
            Carrier::Socket(socket) => Some(socket),
            Carrier::Duplex(stream) => stream.socket(),
        }
    }

    /// Writes whether the socket has said that there is room or not, see [`Insist`]. Over anything but a
    /// socket it writes as always.
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

    /// Writes some of `bytes`, or of what the stream holds back, whether the socket has said that there is room or not, see
    /// [`Insist`]: how many of `bytes` it took, or `None` where nothing left. Wakes nobody.
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

    /// Takes the stream apart.
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

    /// Puts together again what belongs together.
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
