//! The last moments of a connection, so that the peer gets what it was sent.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::time::timeout;

use crate::listen::Stream;

/// How long, and for how many bytes, a connection that is closed still reads: a socket closed over unread input resets
/// the connection and takes the last bytes with it.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 8 * 1024 * 1024;

/// Ends our half of the stream and reads what is still to come until the peer ends its own, for a bounded while.
pub(super) async fn linger(stream: &mut Stream) {
    let last_words = async {
        stream.shutdown().await?;
        let mut left = LINGER_BYTES;
        while left > 0 {
            let read = poll_fn(|cx| {
                // On the stack of one poll: nothing of it is kept.
                let mut nowhere = [0; 4096];
                let mut room = ReadBuf::new(&mut nowhere);
                ready!(Pin::new(&mut *stream).poll_read(cx, &mut room))?;
                Poll::Ready(Ok::<usize, io::Error>(room.filled().len()))
            })
            .await?;
            if read == 0 {
                break;
            }
            left = left.saturating_sub(read);
        }
        Ok::<(), io::Error>(())
    };
    // Whether it ended, failed or took too long: the connection is dropped next.
    let _ = timeout(LINGER, last_words).await;
}
