//! Closes a connection without losing the last bytes. Closing a socket that has unread input resets the connection, and
//! the peer loses what it has not read yet.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::timeout;

use crate::transport::Stream;

/// The lowest average rate, in bytes per second, at which a peer may take the last bytes. Without it, a peer that takes
/// one byte now and then would hold the connection for days.
pub(in crate::conn) const MIN_DRAIN_RATE: usize = 256;

/// The longest time to drain this many bytes: `write_timeout` plus the time at [`MIN_DRAIN_RATE`].
pub(in crate::conn) fn drain_time(write_timeout: Duration, bytes: usize) -> Duration {
    let seconds = u64::try_from(bytes / MIN_DRAIN_RATE).unwrap_or(u64::MAX);
    write_timeout.saturating_add(Duration::from_secs(seconds))
}

/// How long, and how many bytes, a closed connection still reads and discards.
pub(in crate::conn) const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 8 * 1024 * 1024;

/// Shuts down our half of a stream, and discards what arrives until the peer shuts down its own half.
pub(in crate::conn) struct Lingering {
    stream: Stream,
    is_shut: bool,
    left: usize,
}

impl Lingering {
    pub(in crate::conn) fn new(stream: Stream) -> Self {
        Self { stream, is_shut: false, left: LINGER_BYTES }
    }

    /// `None` if dropping the stream is enough: on a plain socket nothing can arrive after the Close frames of both
    /// sides. Over TLS the peer still sends an alert. If the socket is closed by then, the alert causes a reset.
    pub(in crate::conn) fn of(stream: Stream, with_close_frame: bool) -> Option<Self> {
        let is_over = with_close_frame && stream.ends_with_fin_only();
        (!is_over).then(|| Self::new(stream))
    }

    /// Ready when the peer has shut down its half, has sent too much, or the network has failed. Drop it then.
    pub(in crate::conn) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // An error ends it as well.
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

/// Lingers on a connection that never became a WebSocket, for [`LINGER`] or less.
pub(in crate::conn) async fn linger(stream: Stream) {
    let mut lingering = Lingering::new(stream);
    // The stream is dropped either way.
    let _ = timeout(LINGER, poll_fn(|cx| lingering.poll(cx))).await;
}
