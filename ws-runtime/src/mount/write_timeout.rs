//! The stream of a connection whose requests a router answers: a peer that takes nothing of an answer is cut.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::transport::Stream;

/// A stream that fails if the peer takes no byte for the option `write_timeout` while some wait for it.
pub(super) struct WriteTimeout {
    stream: Stream,
    timeout: Duration,
    /// Set while a write waits.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl WriteTimeout {
    pub(super) fn new(stream: Stream, timeout: Duration) -> Self {
        Self { stream, timeout, deadline: None }
    }

    pub(super) fn into_inner(self) -> Stream {
        self.stream
    }

    fn poll<T>(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut Stream>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let before = self.stream.passed_on();
        let written = write(Pin::new(&mut self.stream), cx);
        let has_ended = written.is_ready();
        // TLS takes bytes, and passes them on little by little.
        if has_ended || self.stream.passed_on() != before {
            self.deadline = None;
        }
        if has_ended {
            return written;
        }
        let timeout = self.timeout;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(timeout)));
        deadline.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for WriteTimeout {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, room)
    }
}

impl AsyncWrite for WriteTimeout {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll(cx, |stream, cx| stream.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll(cx, |stream, cx| stream.poll_write_vectored(cx, pieces))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(cx, Stream::poll_flush)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(cx, Stream::poll_shutdown)
    }
}

#[cfg(test)]
mod tests {
    use std::task::ready;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::{Instant, timeout};

    use super::*;
    use crate::transport::Duplex;

    /// A stream that takes all at once, and passes it on when it is flushed, as TLS does.
    struct Holding {
        held: Vec<u8>,
        below: DuplexStream,
        passed_on: usize,
    }

    impl Duplex for Holding {
        fn passed_on(&self) -> Option<usize> {
            Some(self.passed_on)
        }
    }

    impl AsyncRead for Holding {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            room: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Pin::new(&mut self.below).poll_read(cx, room)
        }
    }

    impl AsyncWrite for Holding {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.held.extend_from_slice(bytes);
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            let Self { held, below, passed_on } = self.get_mut();
            while !held.is_empty() {
                let count = ready!(Pin::new(&mut *below).poll_write(cx, held))?;
                held.drain(..count);
                *passed_on += count;
            }
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.poll_flush(cx)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_what_is_held_back_little_by_little_is_not_cut_until_it_stops() {
        let (below, mut peer) = duplex(10);
        let holding = Holding { held: Vec::new(), below, passed_on: 0 };
        let mut stream = WriteTimeout::new(Stream::over_duplex(holding), Duration::from_secs(10));
        let taking = async {
            for _ in 0..5 {
                sleep(Duration::from_secs(9)).await;
                let mut taken = [0; 10];
                // Nothing more comes if the peer was cut before.
                timeout(Duration::from_secs(60), peer.read_exact(&mut taken)).await.unwrap().unwrap();
            }
            Instant::now()
        };
        stream.write_all(&[0; 100]).await.unwrap();
        let (flushed, last) = tokio::join!(
            async { (stream.flush().await.map_err(|error| error.kind()), Instant::now()) },
            taking
        );
        assert_eq!(flushed, (Err(io::ErrorKind::TimedOut), last + Duration::from_secs(10)));
    }
}
