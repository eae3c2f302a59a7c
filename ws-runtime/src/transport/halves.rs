//! The two directions of an open connection. Its own task reads; any sender writes.

use std::future::{Future, poll_fn};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::coop::unconstrained;

use super::Duplex;
pub(crate) use super::socket::SocketReadHalf as ReadHalf;
use super::socket::SocketWriteHalf;

/// A stream that was split.
#[derive(Debug)]
pub(crate) struct Halves {
    /// `None` if the stream is read through the write half, see [`WriteHalf::reader`].
    pub(crate) read: Option<ReadHalf>,
    pub(crate) write: WriteHalf,
    /// Bytes to decode before all that is read.
    pub(crate) unread: Bytes,
}

/// The half to write to. If the stream cannot be split, it is read from here too.
#[derive(Debug)]
pub(crate) enum WriteHalf {
    Socket(SocketWriteHalf),
    /// Boxed, as most connections are sockets.
    Duplex(Box<Unsplit>),
}

/// Who writes, and so who is woken.
pub(crate) enum By<'a, 'w> {
    /// The connection's task. It is woken when there is room again.
    Task(&'a mut Context<'w>, Insist),
    /// Another sender. No task is woken.
    Anyone,
}

/// Whether to try a write even if the kernel has not reported room.
///
/// The kernel reports room only when less than half of `TCP_NOTSENT_LOWAT` waits to be sent, but a write succeeds as
/// soon as there is any room. So trying shows whether a slow peer has read something. No task is woken after such a
/// write: the task must write again with [`Insist::No`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Insist {
    Yes,
    No,
}

impl WriteHalf {
    /// Writes what is taken at once; `WouldBlock` if that is nothing.
    pub(crate) fn write(&mut self, by: &mut By<'_, '_>, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        match (self, by) {
            (Self::Socket(half), By::Anyone) => half.try_write(pieces),
            (Self::Socket(half), By::Task(_, Insist::Yes)) => half.insist(pieces),
            (Self::Socket(half), By::Task(cx, Insist::No)) => or_would_block(half.poll_write(cx, pieces)),
            (Self::Duplex(unsplit), by) => unsplit.write(by, pieces),
        }
    }

    /// Writes what the stream holds back. A socket holds nothing back.
    pub(crate) fn flush(&mut self, by: &mut By<'_, '_>) -> io::Result<()> {
        match self {
            Self::Socket(_) => Ok(()),
            Self::Duplex(unsplit) => unsplit.flush(by),
        }
    }

    /// Whether the stream may hold back what it has taken.
    pub(crate) fn holds_back(&self) -> bool {
        matches!(self, Self::Duplex(_))
    }

    /// About how many bytes it holds back; 0 if it does not count them.
    pub(crate) fn held_back(&self) -> usize {
        match self {
            Self::Socket(_) => 0,
            Self::Duplex(unsplit) => unsplit.held_back,
        }
    }

    /// Whether any bytes that were held back have been written since the last call.
    pub(crate) fn take_progress(&mut self) -> bool {
        match self {
            Self::Socket(_) => false,
            Self::Duplex(unsplit) => std::mem::take(&mut unsplit.has_passed_on),
        }
    }

    /// The stream to read from, if there is no read half.
    pub(crate) fn reader(&mut self) -> Option<&mut (dyn AsyncRead + Unpin + Send + 'static)> {
        match self {
            Self::Socket(_) => None,
            Self::Duplex(unsplit) => Some(&mut *unsplit.stream),
        }
    }

    /// Sets `TCP_NODELAY`. Does nothing unless it is TCP.
    pub(crate) fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        match self {
            Self::Socket(half) => half.set_nodelay(nodelay),
            Self::Duplex(unsplit) => {
                unsplit.stream.socket().map_or(Ok(()), |socket| socket.set_nodelay(nodelay))
            }
        }
    }
}

/// A stream that cannot be split, with a count of the bytes that it holds back.
#[derive(Debug)]
pub(crate) struct Unsplit {
    stream: Box<dyn Duplex>,
    held_back: usize,
    has_passed_on: bool,
}

impl Unsplit {
    pub(super) fn new(stream: Box<dyn Duplex>) -> Box<Self> {
        Box::new(Self { stream, held_back: 0, has_passed_on: false })
    }

    pub(super) fn into_inner(self) -> Box<dyn Duplex> {
        self.stream
    }

    fn write(&mut self, by: &mut By<'_, '_>, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        if let By::Task(_, Insist::Yes) = by {
            // A full stream takes nothing before it has written what it holds back.
            match self.flush(by) {
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        let (written, passed_on) = self.poll(by, |stream, cx| poll_write(stream, cx, pieces));
        if let (Ok(written), Some(passed_on)) = (&written, passed_on) {
            self.held_back = (self.held_back + written).saturating_sub(passed_on);
        }
        written
    }

    fn flush(&mut self, by: &mut By<'_, '_>) -> io::Result<()> {
        let (flushed, passed_on) = self.poll(by, |stream, cx| Pin::new(stream).poll_flush(cx));
        let left = if flushed.is_ok() { 0 } else { self.held_back };
        self.held_back = left.saturating_sub(passed_on.unwrap_or_default());
        flushed
    }

    /// Polls once. Also returns how many bytes were written to the stream below, if it counts them.
    fn poll<T>(
        &mut self,
        by: &mut By<'_, '_>,
        mut poll: impl FnMut(&mut dyn Duplex, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> (io::Result<T>, Option<usize>) {
        let stream = &mut *self.stream;
        let before = stream.passed_on();
        let done = match by {
            By::Task(cx, Insist::No) => or_would_block(poll(stream, cx)),
            By::Task(cx, Insist::Yes) => {
                stream.insist(Insist::Yes);
                let done = or_would_block(poll(stream, cx));
                stream.insist(Insist::No);
                done
            }
            By::Anyone => without_waker(|cx| poll(stream, cx)),
        };
        let passed_on = before.zip(stream.passed_on()).map(|(before, after)| after.wrapping_sub(before));
        self.has_passed_on |= passed_on.is_some_and(|count| count > 0);
        (done, passed_on)
    }
}

/// Writes one piece or several.
pub(super) fn poll_write<W: AsyncWrite + Unpin + ?Sized>(
    to: &mut W,
    cx: &mut Context<'_>,
    pieces: &[IoSlice<'_>],
) -> Poll<io::Result<usize>> {
    match pieces {
        [piece] => Pin::new(to).poll_write(cx, piece),
        _ => Pin::new(to).poll_write_vectored(cx, pieces),
    }
}

/// Polls once, without a waker and outside of tokio's task budget: a broadcast writes to more connections than that
/// budget allows.
fn without_waker<T>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<io::Result<T>>) -> io::Result<T> {
    let polled = std::pin::pin!(unconstrained(poll_fn(|cx| poll(cx))));
    or_would_block(polled.poll(&mut Context::from_waker(Waker::noop())))
}

fn or_would_block<T>(polled: Poll<io::Result<T>>) -> io::Result<T> {
    match polled {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}
