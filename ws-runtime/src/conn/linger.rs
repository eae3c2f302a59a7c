//! The last moments of a connection, so that the peer gets what it was sent: a socket closed over unread input resets the
//! connection and takes the last bytes with it.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::timeout;

use crate::transport::Stream;

/// The average rate, in bytes per second, below which a peer is cut while the last bytes drain: one that takes a byte now
/// and then makes progress, but would hold a connection for days.
pub(super) const MIN_DRAIN_RATE: usize = 256;

/// How long so many bytes may take to drain, however steadily the peer reads.
pub(super) fn drain_time(write_timeout: Duration, bytes: usize) -> Duration {
    let seconds = u64::try_from(bytes / MIN_DRAIN_RATE).unwrap_or(u64::MAX);
    write_timeout.saturating_add(Duration::from_secs(seconds))
}

/// How long, and for how many bytes, a connection that is closed still reads.
pub(super) const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 8 * 1024 * 1024;

/// Ends our half of a stream, and reads what is still to come until the peer ends its own.
pub(super) struct Lingering {
    stream: Stream,
    is_shut: bool,
    left: usize,
}

impl Lingering {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream, is_shut: false, left: LINGER_BYTES }
    }

    /// After both sides have said goodbye nothing is to come, and the stream is ended by dropping it. Not so where the
    /// stream has a goodbye of its own, as with TLS: the peer's would reset the connection.
    pub(super) fn of(stream: Stream, said_goodbye: bool) -> Option<Self> {
        let is_over = said_goodbye && stream.ends_without_goodbye();
        (!is_over).then(|| Self::new(stream))
    }

    /// Ready when the peer has ended its half, has sent too much, or the network has failed: the stream is to be
    /// dropped then.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // Whatever it failed at, there is nobody to tell.
        self.poll_end(cx).map(|_| ())
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.is_shut {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            self.is_shut = true;
        }
        let mut nowhere = [0; 4096];
        while self.left > 0 {
            let mut room = ReadBuf::new(&mut nowhere);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut room))?;
            match room.filled().len() {
                0 => break,
                read => self.left = self.left.saturating_sub(read),
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// The same for a connection that never became a WebSocket, for a bounded while.
pub(super) async fn linger(stream: Stream) {
    let mut lingering = Lingering::new(stream);
    // When it takes too long, the stream is dropped as well.
    let _ = timeout(LINGER, poll_fn(|cx| lingering.poll(cx))).await;
}
