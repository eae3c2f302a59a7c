//! The two directions of a connection that is open: its own task reads, whoever has something to send writes.

use std::future::{Future, poll_fn};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::tcp;
#[cfg(unix)]
use tokio::net::unix;
use tokio::task::coop::unconstrained;

use super::stream::{Plain, Stream};

/// Where bytes come from.
#[derive(Debug)]
pub(crate) enum Source {
    Tcp(tcp::OwnedReadHalf),
    #[cfg(unix)]
    Unix(unix::OwnedReadHalf),
}

/// Where bytes go to; where they come from too, if the stream cannot be taken apart.
#[derive(Debug)]
pub(crate) enum Sink {
    Tcp(tcp::OwnedWriteHalf),
    #[cfg(unix)]
    Unix(unix::OwnedWriteHalf),
    /// TLS has one state for both directions.
    Whole(Box<Stream>),
}

/// Who writes.
pub(crate) enum By<'a, 'w> {
    /// The connection's task: it is woken when the kernel takes more.
    Task(&'a mut Context<'w>, Insist),
    /// Anyone else: nobody is woken.
    Anyone,
}

/// Whether the kernel is asked to take bytes even where it has not said that it would.
///
/// It says so only when less than half of `TCP_NOTSENT_LOWAT` waits to be sent, but takes more as soon as there is room at
/// all: what a slow peer has read shows by trying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Insist {
    Yes,
    No,
}

impl Stream {
    /// Takes the stream apart. Without a source of its own, the sink is also read from.
    pub(crate) fn split(self) -> (Option<Source>, Sink) {
        match self {
            Self::Plain(Plain::Tcp(stream)) => {
                let (source, sink) = stream.into_split();
                (Some(Source::Tcp(source)), Sink::Tcp(sink))
            }
            #[cfg(unix)]
            Self::Plain(Plain::Unix(stream)) => {
                let (source, sink) = stream.into_split();
                (Some(Source::Unix(source)), Sink::Unix(sink))
            }
            whole @ (Self::Plain(Plain::Memory(_)) | Self::Tls(_)) => (None, Sink::Whole(Box::new(whole))),
        }
    }

    /// Puts together again what belongs together.
    pub(crate) fn unite(source: Option<Source>, sink: Sink) -> Option<Self> {
        match (source, sink) {
            (Some(Source::Tcp(source)), Sink::Tcp(sink)) => {
                source.reunite(sink).ok().map(|stream| Self::Plain(Plain::Tcp(stream)))
            }
            #[cfg(unix)]
            (Some(Source::Unix(source)), Sink::Unix(sink)) => source.reunite(sink).ok().map(Self::from),
            (_, Sink::Whole(stream)) => Some(*stream),
            _ => None,
        }
    }
}

impl AsyncRead for Source {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, room: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(source) => Pin::new(source).poll_read(cx, room),
            #[cfg(unix)]
            Self::Unix(source) => Pin::new(source).poll_read(cx, room),
        }
    }
}

impl AsyncRead for Sink {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, room: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Whole(stream) => Pin::new(stream).poll_read(cx, room),
            Self::Tcp(_) => Poll::Ready(Err(io::ErrorKind::Unsupported.into())),
            #[cfg(unix)]
            Self::Unix(_) => Poll::Ready(Err(io::ErrorKind::Unsupported.into())),
        }
    }
}

impl Sink {
    /// Writes what the kernel takes at once; `WouldBlock` where that is nothing.
    pub(crate) fn write(&mut self, by: &mut By<'_, '_>, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        match (self, by) {
            (Self::Tcp(sink), By::Anyone) => match pieces {
                [piece] => sink.try_write(piece),
                _ => sink.try_write_vectored(pieces),
            },
            #[cfg(unix)]
            (Self::Unix(sink), By::Anyone) => match pieces {
                [piece] => sink.try_write(piece),
                _ => sink.try_write_vectored(pieces),
            },
            #[cfg(unix)]
            (Self::Tcp(sink), By::Task(_, Insist::Yes)) => try_write(sink.as_ref(), pieces),
            #[cfg(unix)]
            (Self::Unix(sink), By::Task(_, Insist::Yes)) => try_write(sink.as_ref(), pieces),
            (Self::Tcp(sink), By::Task(cx, _)) => at_once(poll_write(sink, cx, pieces)),
            #[cfg(unix)]
            (Self::Unix(sink), By::Task(cx, _)) => at_once(poll_write(sink, cx, pieces)),
            (Self::Whole(stream), By::Task(cx, _)) => at_once(poll_write(&mut **stream, cx, pieces)),
            (Self::Whole(stream), By::Anyone) => for_nobody(|cx| poll_write(&mut **stream, cx, pieces)),
        }
    }

    /// Writes what TLS holds back; a plain socket does nothing here.
    pub(crate) fn flush(&mut self, by: &mut By<'_, '_>) -> io::Result<()> {
        match (self, by) {
            (Self::Tcp(_), _) => Ok(()),
            #[cfg(unix)]
            (Self::Unix(_), _) => Ok(()),
            (Self::Whole(stream), By::Task(cx, _)) => at_once(Pin::new(stream).poll_flush(cx)),
            (Self::Whole(stream), By::Anyone) => for_nobody(|cx| Pin::new(&mut *stream).poll_flush(cx)),
        }
    }

    /// Sends small messages at once instead of gathering them (`TCP_NODELAY`); nothing to do unless it is TCP.
    pub(crate) fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        match self {
            Self::Tcp(sink) => sink.as_ref().set_nodelay(nodelay),
            #[cfg(unix)]
            Self::Unix(_) => Ok(()),
            Self::Whole(stream) => stream.set_nodelay(nodelay),
        }
    }
}

/// Writes whatever tokio knows of the socket.
#[cfg(unix)]
fn try_write(socket: &impl std::os::fd::AsFd, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
    let first = pieces.first().map_or(&[][..], |piece| &**piece);
    Ok(rustix::net::send(socket, first, rustix::net::SendFlags::NOSIGNAL)?)
}

fn poll_write<W: AsyncWrite + Unpin>(
    sink: &mut W,
    cx: &mut Context<'_>,
    pieces: &[IoSlice<'_>],
) -> Poll<io::Result<usize>> {
    match pieces {
        [piece] => Pin::new(sink).poll_write(cx, piece),
        _ => Pin::new(sink).poll_write_vectored(cx, pieces),
    }
}

/// Polls once outside of any task's budget: the broadcaster writes to more connections than that allows.
fn for_nobody<T>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<io::Result<T>>) -> io::Result<T> {
    let polled = std::pin::pin!(unconstrained(poll_fn(|cx| poll(cx))));
    at_once(polled.poll(&mut Context::from_waker(Waker::noop())))
}

fn at_once<T>(polled: Poll<io::Result<T>>) -> io::Result<T> {
    match polled {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}
