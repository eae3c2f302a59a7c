//! Answers to requests that do not become WebSockets.

use std::fmt;
use std::io;
use std::time::Duration;

use bytes::{Buf, Bytes};
use http::header::RETRY_AFTER;
use http::{Method, Response, StatusCode};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};

use super::deadline::Untimely;
use crate::Server;
use crate::conn::linger::{LINGER, MIN_DRAIN_RATE, drain_time, linger};
use crate::handshake::{self, IntoResponse, Refusal, Reject};
use crate::server::{Evicted, Place};
use crate::transport::Stream;

/// How much of an answer is given to the kernel or to TLS at once. Both take more than they have sent, and tell of room only
/// when most of it has gone: a peer that reads slowly would seem to take nothing for as long as that lasts.
const PIECE: usize = 8 * 1024;

/// When a peer that is sent away for now may come again, in seconds.
const COME_AGAIN_AFTER: &str = "5";

/// Tells a peer that the server has no room for it.
pub(crate) async fn turn_away(stream: Stream) {
    let Answer { mut stream, response, method, .. } =
        Answer::new(stream, come_again("there are too many connections"));
    let mut bytes = handshake::encode_response(&response, &method);
    // A short answer to a peer that was sent nothing before: the kernel takes it at once.
    if let Ok(Ok(())) = timeout(LINGER, stream.write_all_buf(&mut bytes)).await {
        linger(stream).await;
    }
}

/// An answer to a request that does not become a WebSocket.
pub(super) struct Answer {
    stream: Stream,
    response: Response<Bytes>,
    /// That of the request, as far as it is known.
    pub(super) method: Method,
    because: Option<Because>,
}

impl Answer {
    pub(super) fn new(stream: Stream, response: Response<Bytes>) -> Self {
        Self { stream, response, method: Method::GET, because: None }
    }

    pub(super) fn refusal(stream: Stream, refusal: Refusal) -> Self {
        Self { because: Some(Because::Refusal(refusal)), ..Self::new(stream, refusal.into_response()) }
    }

    pub(super) fn untimely(stream: Stream, untimely: Untimely) -> Self {
        let response = match untimely {
            Untimely::TooSlow(_) => Reject::new(StatusCode::REQUEST_TIMEOUT).into_response(),
            Untimely::ShuttingDown => come_again("the server shuts down"),
        };
        Self { because: Some(Because::Untimely(untimely)), ..Self::new(stream, response) }
    }

    /// Sends it, and ends the connection so that it arrives. A peer that reads has the time that it takes, until the
    /// server's shutdown is over.
    pub(super) async fn send(self, server: &Server, place: &Place) -> Answered {
        let Self { mut stream, response, method, because } = self;
        let mut bytes = handshake::encode_response(&response, &method);
        let of = bytes.remaining();
        let writing = write(&mut stream, &mut bytes, server.options().write_timeout);
        let written = tokio::select! {
            biased;
            () = server.aborting() => Err(Cut::ShutDown),
            written = place.peers_turn(writing) => written.unwrap_or_else(|evicted| Err(evicted.into())),
        };
        let cut = match written {
            Ok(()) => {
                tokio::select! {
                    () = server.aborting() => {}
                    // Evicted or not: the answer is on its way.
                    _ = place.peers_turn(linger(stream)) => {}
                }
                None
            }
            Err(cut) => Some((cut, Progress { taken: of - bytes.remaining(), of })),
        };
        Answered { status: response.status(), because, cut }
    }
}

/// Writes it all, as long as the peer makes progress, and more of it than next to none.
async fn write(
    to: &mut (impl AsyncWrite + Unpin),
    bytes: &mut impl Buf,
    write_timeout: Duration,
) -> Result<(), Cut> {
    let end = Instant::now() + drain_time(write_timeout, bytes.remaining());
    while bytes.has_remaining() {
        let progress = Instant::now() + write_timeout;
        match timeout_at(progress.min(end), write_piece(to, bytes)).await {
            Ok(written) => written?,
            Err(_) if progress <= end => return Err(Cut::NoProgress(write_timeout)),
            Err(_) => return Err(Cut::TooSlow),
        }
    }
    Ok(())
}

async fn write_piece(to: &mut (impl AsyncWrite + Unpin), bytes: &mut impl Buf) -> io::Result<()> {
    if to.write_buf(&mut bytes.take(PIECE)).await? == 0 {
        return Err(io::ErrorKind::WriteZero.into());
    }
    to.flush().await
}

/// 503, with the time after which to come again.
fn come_again(why: &str) -> Response<Bytes> {
    let reject = Reject::service_unavailable();
    let text = format!("{}: {why}\n", reject.status());
    reject.header(RETRY_AFTER, COME_AGAIN_AFTER).text(text).into_response()
}

/// What a peer was answered, and whether it took the answer.
#[derive(Debug)]
pub(super) struct Answered {
    status: StatusCode,
    because: Option<Because>,
    cut: Option<(Cut, Progress)>,
}

/// Why it was not what a handler answers.
#[derive(Debug, Clone, Copy, thiserror::Error)]
enum Because {
    #[error(transparent)]
    Refusal(Refusal),
    #[error(transparent)]
    Untimely(Untimely),
}

/// Why an answer did not go out as a whole.
#[derive(Debug, thiserror::Error)]
enum Cut {
    #[error("the peer took nothing for write_timeout ({} s)", .0.as_secs_f64())]
    NoProgress(Duration),
    #[error("the peer took fewer than {MIN_DRAIN_RATE} bytes a second")]
    TooSlow,
    #[error("shutdown_timeout passed")]
    ShutDown,
    #[error(transparent)]
    Evicted(#[from] Evicted),
    #[error("the network failed: {0}")]
    Io(#[from] io::Error),
}

/// How many bytes of an answer were taken.
#[derive(Debug, Clone, Copy)]
struct Progress {
    taken: usize,
    of: usize,
}

impl fmt::Display for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "answered with {}", self.status)?;
        if let Some(because) = &self.because {
            write!(f, ": {because}")?;
        }
        if let Some((cut, Progress { taken, of })) = &self.cut {
            write!(f, "; cut after {taken} of {of} bytes: {cut}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Answered {}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::time::sleep;

    use super::*;

    const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

    /// Writes so many bytes to a peer that takes as many at once, so often; what came of it, and after how long.
    async fn written(bytes: usize, taken: usize, every: Duration) -> (Result<(), Cut>, Duration) {
        let (mut ours, mut theirs) = tokio::io::duplex(taken);
        tokio::spawn(async move {
            let mut piece = vec![0; taken];
            loop {
                sleep(every).await;
                if theirs.read_exact(&mut piece).await.is_err() {
                    return;
                }
            }
        });
        let start = Instant::now();
        let mut bytes = Bytes::from(vec![0; bytes]);
        (write(&mut ours, &mut bytes, WRITE_TIMEOUT).await, start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_reads_slowly_gets_all_and_one_that_reads_next_to_nothing_is_cut() {
        let nine = Duration::from_secs(9);
        let (outcome, _) = written(100_000, 300 * 9, nine).await;
        assert!(outcome.is_ok(), "300 bytes a second: {outcome:?}");
        let (outcome, after) = written(100_000, 1, nine).await;
        assert!(matches!(outcome, Err(Cut::TooSlow)), "{outcome:?}");
        assert_eq!(after.as_secs(), 10 + 100_000 / 256);
        let (outcome, after) = written(100, 1, nine).await;
        assert!(matches!(outcome, Err(Cut::NoProgress(_) | Cut::TooSlow)), "{outcome:?}");
        assert_eq!(after.as_secs(), 10);
        let (outcome, after) = written(100_000, 3000, Duration::from_secs(11)).await;
        assert!(matches!(outcome, Err(Cut::NoProgress(WRITE_TIMEOUT))), "{outcome:?}");
        assert_eq!(after.as_secs(), 10);
    }
}
